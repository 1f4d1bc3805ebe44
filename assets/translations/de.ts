<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="de" sourcelanguage="en">
  <context>
    <name>AdjustPanel</name>
    <message>
      <source> stops</source>
      <translation> EV</translation>
    </message>
    <message>
      <source>Adjust</source>
      <translation>Anpassen</translation>
    </message>
    <message>
      <source>Apply</source>
      <translation>Anwenden</translation>
    </message>
    <message>
      <source>Click a spot that should be grey</source>
      <translation>Klicken Sie auf eine Stelle, die grau sein soll</translation>
    </message>
    <message>
      <source>Contrast</source>
      <translation>Kontrast</translation>
    </message>
    <message>
      <source>Exposure</source>
      <translation>Belichtung</translation>
    </message>
    <message>
      <source>Pick a Neutral Spot</source>
      <translation>Neutrale Stelle wählen</translation>
    </message>
    <message>
      <source>Reset</source>
      <translation>Zurücksetzen</translation>
    </message>
    <message>
      <source>Saturation</source>
      <translation>Sättigung</translation>
    </message>
    <message>
      <source>Temperature</source>
      <translation>Temperatur</translation>
    </message>
    <message>
      <source>Tint</source>
      <translation>Tönung</translation>
    </message>
  </context>
  <context>
    <name>CanvasView</name>
    <message>
      <source>Canvas</source>
      <translation>Leinwand</translation>
    </message>
    <message>
      <source>The photo. Wheel zooms, dragging pans, arrow keys pan.</source>
      <translation>Das Foto. Das Rad zoomt, Ziehen verschiebt, Pfeiltasten verschieben.</translation>
    </message>
  </context>
  <context>
    <name>CardView</name>
    <message>
      <source>32-bit numbers</source>
      <translation>32-Bit-Zahlen</translation>
    </message>
    <message>
      <source>32-bit numbers, stored in 16 bits</source>
      <translation>32-Bit-Zahlen, in 16 Bit gespeichert</translation>
    </message>
    <message>
      <source>8-bit numbers (int8)</source>
      <translation>8-Bit-Zahlen (int8)</translation>
    </message>
    <message>
      <source>About {model}</source>
      <translation>Über {model}</translation>
    </message>
    <message>
      <source>Against its exact self</source>
      <translation>Gegenüber dem genauen Modell</translation>
    </message>
    <message>
      <source>Author</source>
      <translation>Urheber</translation>
    </message>
    <message>
      <source>Close</source>
      <translation>Schließen</translation>
    </message>
    <message>
      <source>Computes in</source>
      <translation>Rechnet in</translation>
    </message>
    <message>
      <source>Learned from</source>
      <translation>Gelernt aus</translation>
    </message>
    <message>
      <source>Licence of the model</source>
      <translation>Lizenz des Modells</translation>
    </message>
    <message>
      <source>Measured quality</source>
      <translation>Gemessene Qualität</translation>
    </message>
    <message>
      <source>Pictures</source>
      <translation>Bilder</translation>
    </message>
    <message>
      <source>Scale</source>
      <translation>Maßstab</translation>
    </message>
    <message>
      <source>Their licence</source>
      <translation>Deren Lizenz</translation>
    </message>
    <message>
      <source>Their source</source>
      <translation>Deren Quelle</translation>
    </message>
  </context>
  <context>
    <name>Clipboard</name>
    <message>
      <source>Copied {size} pixels.</source>
      <translation>{size} Pixel kopiert.</translation>
    </message>
    <message>
      <source>Copying the picture…</source>
      <translation>Das Bild wird kopiert …</translation>
    </message>
    <message>
      <source>Pasting the picture…</source>
      <translation>Das Bild wird eingefügt …</translation>
    </message>
    <message>
      <source>There is no picture on the clipboard; copy one in another program first.</source>
      <translation>In der Zwischenablage ist kein Bild; kopieren Sie zuerst eines in einem anderen Programm.</translation>
    </message>
  </context>
  <context>
    <name>ColourReadout</name>
    <message>
      <source>Colour under the pointer</source>
      <translation>Farbe unter dem Zeiger</translation>
    </message>
    <message>
      <source>Place of the pointer in the photo, and the photo’s own values there</source>
      <translation>Stelle des Zeigers im Foto und die Werte des Fotos dort</translation>
    </message>
  </context>
  <context>
    <name>CompareView</name>
    <message>
      <source>After</source>
      <translation>Nachher</translation>
    </message>
    <message>
      <source>Before</source>
      <translation>Vorher</translation>
    </message>
  </context>
  <context>
    <name>ContactSheet</name>
    <message>
      <source>As it is
enlarged plainly</source>
      <translation>Wie es ist,
nur vergrößert</translation>
    </message>
    <message>
      <source>Close</source>
      <translation>Schließen</translation>
    </message>
    <message>
      <source>Compare Models</source>
      <translation>Modelle vergleichen</translation>
    </message>
    <message>
      <source>The same part of the photo through each model. Choose the one you like best.</source>
      <translation>Derselbe Ausschnitt des Fotos durch jedes Modell. Wählen Sie das, das Ihnen am besten gefällt.</translation>
    </message>
    <message>
      <source>cannot be used</source>
      <translation>nicht verwendbar</translation>
    </message>
    <message>
      <source>not tried</source>
      <translation>nicht versucht</translation>
    </message>
    <message>
      <source>waiting…</source>
      <translation>wartet …</translation>
    </message>
    <message>
      <source>✓ {name} (chosen now)</source>
      <translation>✓ {name} (jetzt gewählt)</translation>
    </message>
  </context>
  <context>
    <name>Document</name>
    <message>
      <source>Opened</source>
      <translation>Geöffnet</translation>
    </message>
    <message>
      <source>Reading {name}…</source>
      <translation>{name} wird gelesen …</translation>
    </message>
  </context>
  <context>
    <name>FileSize</name>
    <message>
      <source>Size of the file</source>
      <translation>Größe der Datei</translation>
    </message>
    <message>
      <source>about {size}</source>
      <translation>etwa {size}</translation>
    </message>
    <message>
      <source>is being worked out…</source>
      <translation>wird ermittelt …</translation>
    </message>
    <message>
      <source>known once it is saved</source>
      <translation>steht nach dem Speichern fest</translation>
    </message>
  </context>
  <context>
    <name>FilmStrip</name>
    <message>
      <source>Close</source>
      <translation>Schließen</translation>
    </message>
    <message>
      <source>Close Others</source>
      <translation>Andere schließen</translation>
    </message>
    <message>
      <source>Open photos</source>
      <translation>Offene Fotos</translation>
    </message>
    <message>
      <source>{name}, with unsaved changes</source>
      <translation>{name}, mit ungespeicherten Änderungen</translation>
    </message>
  </context>
  <context>
    <name>FirstPage</name>
    <message>
      <source>A wide view by day, rock and grass</source>
      <translation>Weite Sicht bei Tag, Fels und Gras</translation>
    </message>
    <message>
      <source>Drop it anywhere in this window, or choose a file.</source>
      <translation>Ziehen Sie es in dieses Fenster, oder wählen Sie eine Datei.</translation>
    </message>
    <message>
      <source>Fine hairs, to see detail grow</source>
      <translation>Feine Härchen für feine Details</translation>
    </message>
    <message>
      <source>Open a photo to begin</source>
      <translation>Öffnen Sie zuerst ein Foto</translation>
    </message>
    <message>
      <source>Open a photo…</source>
      <translation>Foto öffnen …</translation>
    </message>
    <message>
      <source>Open the sample photo {title}</source>
      <translation>Das Beispielfoto {title} öffnen</translation>
    </message>
    <message>
      <source>Samples to try</source>
      <translation>Beispiele zum Ausprobieren</translation>
    </message>
  </context>
  <context>
    <name>GeometryPanel</name>
    <message>
      <source>Apply</source>
      <translation>Anwenden</translation>
    </message>
    <message>
      <source>As the photo</source>
      <translation>Wie das Foto</translation>
    </message>
    <message>
      <source>Crop</source>
      <translation>Zuschneiden</translation>
    </message>
    <message>
      <source>Draw a line along what should be level or upright</source>
      <translation>Ziehen Sie eine Linie entlang dessen, was waagerecht oder senkrecht sein soll</translation>
    </message>
    <message>
      <source>Draw the Horizon</source>
      <translation>Horizont ziehen</translation>
    </message>
    <message>
      <source>Flip Across</source>
      <translation>Spiegeln ↔</translation>
    </message>
    <message>
      <source>Flip Down</source>
      <translation>Spiegeln ↕</translation>
    </message>
    <message>
      <source>Free</source>
      <translation>Frei</translation>
    </message>
    <message>
      <source>Height</source>
      <translation>Höhe</translation>
    </message>
    <message>
      <source>Keep the shape</source>
      <translation>Form behalten</translation>
    </message>
    <message>
      <source>Percent</source>
      <translation>Prozent</translation>
    </message>
    <message>
      <source>Reset</source>
      <translation>Zurücksetzen</translation>
    </message>
    <message>
      <source>Resize</source>
      <translation>Größe ändern</translation>
    </message>
    <message>
      <source>Rotate Left</source>
      <translation>Links drehen</translation>
    </message>
    <message>
      <source>Rotate Right</source>
      <translation>Rechts drehen</translation>
    </message>
    <message>
      <source>Shape</source>
      <translation>Form</translation>
    </message>
    <message>
      <source>Size</source>
      <translation>Größe</translation>
    </message>
    <message>
      <source>Size once it is cropped</source>
      <translation>Größe nach dem Zuschneiden</translation>
    </message>
    <message>
      <source>Straighten</source>
      <translation>Gerade richten</translation>
    </message>
    <message>
      <source>Turn</source>
      <translation>Drehen</translation>
    </message>
    <message>
      <source>Width</source>
      <translation>Breite</translation>
    </message>
  </context>
  <context>
    <name>HelpDialog</name>
    <message>
      <source>Close</source>
      <translation>Schließen</translation>
    </message>
    <message>
      <source>Help</source>
      <translation>Hilfe</translation>
    </message>
    <message>
      <source>How to work with Duskroom.</source>
      <translation>Wie man mit Duskroom arbeitet.</translation>
    </message>
  </context>
  <context>
    <name>HistoryPanel</name>
    <message>
      <source>History</source>
      <translation>Verlauf</translation>
    </message>
    <message>
      <source>{count:.0f} MB in memory</source>
      <translation>{count:.0f} MB im Speicher</translation>
    </message>
    <message>
      <source>{count} on disk</source>
      <translation>{count} auf der Festplatte</translation>
    </message>
    <message>
      <source>{name}, undone</source>
      <translation>{name}, rückgängig gemacht</translation>
    </message>
  </context>
  <context>
    <name>JobProgress</name>
    <message>
      <source>Cancel</source>
      <translation>Abbrechen</translation>
    </message>
    <message>
      <source>Progress</source>
      <translation>Fortschritt</translation>
    </message>
    <message>
      <source>Stopping…</source>
      <translation>Wird angehalten …</translation>
    </message>
    <message>
      <source>{count} min</source>
      <translation>{count} min</translation>
    </message>
    <message>
      <source>{count} s</source>
      <translation>{count} s</translation>
    </message>
    <message>
      <source>{hours} h {minutes} min</source>
      <translation>{hours} h {minutes} min</translation>
    </message>
    <message>
      <source>{percent} %</source>
      <translation>{percent} %</translation>
    </message>
    <message>
      <source>{time} left</source>
      <translation>noch {time}</translation>
    </message>
  </context>
  <context>
    <name>KeepBadge</name>
    <message>
      <source>16 bits are rounded to 8; PNG and TIFF keep 16</source>
      <translation>16 Bit werden auf 8 gerundet; PNG und TIFF behalten 16</translation>
    </message>
    <message>
      <source>Camera data</source>
      <translation>Kameradaten</translation>
    </message>
    <message>
      <source>Colour profile</source>
      <translation>Farbprofil</translation>
    </message>
    <message>
      <source>Depth</source>
      <translation>Farbtiefe</translation>
    </message>
    <message>
      <source>Neural steps</source>
      <translation>Neuronale Schritte</translation>
    </message>
    <message>
      <source>Pixels</source>
      <translation>Pixel</translation>
    </message>
    <message>
      <source>Place</source>
      <translation>Ort</translation>
    </message>
    <message>
      <source>Rotation</source>
      <translation>Drehung</translation>
    </message>
    <message>
      <source>Titles and rights</source>
      <translation>Titel und Rechte</translation>
    </message>
    <message>
      <source>Transparency</source>
      <translation>Transparenz</translation>
    </message>
    <message>
      <source>What the file will keep</source>
      <translation>Was die Datei behält</translation>
    </message>
    <message>
      <source>changed</source>
      <translation>verändert</translation>
    </message>
    <message>
      <source>compressed with some loss, as {format} always is</source>
      <translation>mit etwas Verlust komprimiert, wie immer bei {format}</translation>
    </message>
    <message>
      <source>converted to what {format} holds</source>
      <translation>umgewandelt in das, was {format} fasst</translation>
    </message>
    <message>
      <source>exactly as it is</source>
      <translation>genau wie sie sind</translation>
    </message>
    <message>
      <source>in part, as chosen under Metadata</source>
      <translation>teilweise, wie unter Metadaten gewählt</translation>
    </message>
    <message>
      <source>kept</source>
      <translation>bleibt erhalten</translation>
    </message>
    <message>
      <source>kept: the pixels stand upright in every program</source>
      <translation>bleibt erhalten: Die Pixel stehen in jedem Programm aufrecht</translation>
    </message>
    <message>
      <source>left out</source>
      <translation>wird weggelassen</translation>
    </message>
    <message>
      <source>lost</source>
      <translation>verloren</translation>
    </message>
    <message>
      <source>not there</source>
      <translation>nicht vorhanden</translation>
    </message>
    <message>
      <source>{depth} bits are kept</source>
      <translation>{depth} Bit bleiben erhalten</translation>
    </message>
    <message>
      <source>{format} holds no transparency: it will be laid on white</source>
      <translation>{format} kennt keine Transparenz: Das Bild wird auf Weiß gelegt</translation>
    </message>
  </context>
  <context>
    <name>MainWindow</name>
    <message>
      <source>Before</source>
      <translation>Vorher</translation>
    </message>
    <message>
      <source>Hold to see the photo as it was before</source>
      <translation>Gedrückt halten, um das Foto von vorher zu sehen</translation>
    </message>
    <message>
      <source>{percent:.0f} %</source>
      <translation>{percent:.0f} %</translation>
    </message>
  </context>
  <context>
    <name>MaskPanel</name>
    <message>
      <source>Blue</source>
      <translation>Blau</translation>
    </message>
    <message>
      <source>Clear</source>
      <translation>Leeren</translation>
    </message>
    <message>
      <source>Colour of the mask</source>
      <translation>Farbe der Maske</translation>
    </message>
    <message>
      <source>Erase</source>
      <translation>Radieren</translation>
    </message>
    <message>
      <source>Feather</source>
      <translation>Weiche Kante</translation>
    </message>
    <message>
      <source>Green</source>
      <translation>Grün</translation>
    </message>
    <message>
      <source>Hardness</source>
      <translation>Härte</translation>
    </message>
    <message>
      <source>Invert</source>
      <translation>Umkehren</translation>
    </message>
    <message>
      <source>Linear Gradient</source>
      <translation>Linearer Verlauf</translation>
    </message>
    <message>
      <source>Mask</source>
      <translation>Maske</translation>
    </message>
    <message>
      <source>Paint</source>
      <translation>Malen</translation>
    </message>
    <message>
      <source>Radial Gradient</source>
      <translation>Radialer Verlauf</translation>
    </message>
    <message>
      <source>Red</source>
      <translation>Rot</translation>
    </message>
    <message>
      <source>Redo Stroke</source>
      <translation>Strich vor</translation>
    </message>
    <message>
      <source>Show the mask</source>
      <translation>Maske zeigen</translation>
    </message>
    <message>
      <source>Size  ( [ and ] )</source>
      <translation>Größe  ( [ und ] )</translation>
    </message>
    <message>
      <source>Tools work where the mask is painted; without a mask, everywhere.</source>
      <translation>Werkzeuge wirken, wo die Maske gemalt ist; ohne Maske überall.</translation>
    </message>
    <message>
      <source>Undo Stroke</source>
      <translation>Strich zurück</translation>
    </message>
  </context>
  <context>
    <name>MessageBar</name>
    <message>
      <source>Notices</source>
      <translation>Hinweise</translation>
    </message>
  </context>
  <context>
    <name>Models</name>
    <message>
      <source>Add a Model</source>
      <translation>Modell hinzufügen</translation>
    </message>
    <message>
      <source>All files (*)</source>
      <translation>Alle Dateien (*)</translation>
    </message>
    <message>
      <source>Models (*.onnx)</source>
      <translation>Modelle (*.onnx)</translation>
    </message>
    <message>
      <source>“{name}” is in your library now.</source>
      <translation>„{name}“ ist jetzt in Ihrer Bibliothek.</translation>
    </message>
  </context>
  <context>
    <name>Notice</name>
    <message>
      <source>Copied</source>
      <translation>Kopiert</translation>
    </message>
    <message>
      <source>Copy details</source>
      <translation>Einzelheiten kopieren</translation>
    </message>
    <message>
      <source>Dismiss</source>
      <translation>Schließen</translation>
    </message>
    <message>
      <source>Dismiss this notice</source>
      <translation>Diesen Hinweis schließen</translation>
    </message>
    <message>
      <source>Error</source>
      <translation>Fehler</translation>
    </message>
    <message>
      <source>News</source>
      <translation>Hinweis</translation>
    </message>
    <message>
      <source>Warning</source>
      <translation>Warnung</translation>
    </message>
  </context>
  <context>
    <name>NumberSlider</name>
    <message>
      <source>Double click resets</source>
      <translation>Doppelklick setzt zurück</translation>
    </message>
  </context>
  <context>
    <name>OpenDocument</name>
    <message>
      <source>Untitled</source>
      <translation>Unbenannt</translation>
    </message>
  </context>
  <context>
    <name>Opening</name>
    <message>
      <source>All files (*)</source>
      <translation>Alle Dateien (*)</translation>
    </message>
    <message>
      <source>Only files of this computer can be opened; save the picture to a folder first.</source>
      <translation>Nur Dateien dieses Computers lassen sich öffnen; speichern Sie das Bild zuerst in einem Ordner.</translation>
    </message>
    <message>
      <source>Open Photos</source>
      <translation>Fotos öffnen</translation>
    </message>
    <message>
      <source>Opening {name}…</source>
      <translation>{name} wird geöffnet …</translation>
    </message>
    <message>
      <source>Photos ({suffixes})</source>
      <translation>Fotos ({suffixes})</translation>
    </message>
    <message>
      <source>“{name}” is a folder; open one of the photos in it.</source>
      <translation>„{name}“ ist ein Ordner; öffnen Sie eines der Fotos darin.</translation>
    </message>
  </context>
  <context>
    <name>PreferencesDialog</name>
    <message>
      <source> MB</source>
      <translation> MB</translation>
    </message>
    <message>
      <source>&amp;Keys</source>
      <translation>Tas&amp;ten</translation>
    </message>
    <message>
      <source>&amp;Language</source>
      <translation>&amp;Sprache</translation>
    </message>
    <message>
      <source>&amp;Memory for undo</source>
      <translation>Spei&amp;cher für Rückgängig</translation>
    </message>
    <message>
      <source>&amp;Processor threads</source>
      <translation>&amp;Prozessor-Threads</translation>
    </message>
    <message>
      <source>&amp;Recent files</source>
      <translation>&amp;Zuletzt geöffnet</translation>
    </message>
    <message>
      <source>&amp;Theme</source>
      <translation>&amp;Farbschema</translation>
    </message>
    <message>
      <source>Ask before unsaved changes are lost</source>
      <translation>Fragen, bevor ungespeicherte Änderungen verloren gehen</translation>
    </message>
    <message>
      <source>Automatic</source>
      <translation>Automatisch</translation>
    </message>
    <message>
      <source>Close</source>
      <translation>Schließen</translation>
    </message>
    <message>
      <source>Dark</source>
      <translation>Dunkel</translation>
    </message>
    <message>
      <source>Dark or light; pictures are judged best on a dark neutral grey.</source>
      <translation>Dunkel oder hell; Bilder beurteilt man am besten auf dunklem, neutralem Grau.</translation>
    </message>
    <message>
      <source>Empties the list of files that were opened.</source>
      <translation>Leert die Liste der geöffneten Dateien.</translation>
    </message>
    <message>
      <source>Forget Recent Files</source>
      <translation>Geöffnete Dateien vergessen</translation>
    </message>
    <message>
      <source>How many a model uses, from its next run on. Automatic: one for each core; fewer leave room.</source>
      <translation>Wie viele ein Modell ab seinem nächsten Lauf nutzt. Automatisch: einer je Kern; weniger lassen Luft.</translation>
    </message>
    <message>
      <source>How much the steps that can be undone may hold in memory; older ones go to the disk.</source>
      <translation>Wie viel Arbeitsspeicher die Schritte belegen dürfen, die sich zurücknehmen lassen; ältere kommen auf die Platte.</translation>
    </message>
    <message>
      <source>Keyboard Shortcuts…</source>
      <translation>Tastenkürzel …</translation>
    </message>
    <message>
      <source>Light</source>
      <translation>Hell</translation>
    </message>
    <message>
      <source>Like the system</source>
      <translation>Wie das System</translation>
    </message>
    <message>
      <source>Off: closing and opening never ask, and what was not saved is gone.</source>
      <translation>Aus: Beim Schließen und Öffnen wird nie gefragt, und was nicht gespeichert wurde, ist weg.</translation>
    </message>
    <message>
      <source>Preferences</source>
      <translation>Einstellungen</translation>
    </message>
    <message>
      <source>See, find and change the keys of every action.</source>
      <translation>Die Tasten jeder Aktion ansehen, finden und ändern.</translation>
    </message>
    <message>
      <source>The language of the window, changed at once.</source>
      <translation>Die Sprache des Fensters, sofort geändert.</translation>
    </message>
  </context>
  <context>
    <name>RecentFiles</name>
    <message>
      <source>Nothing opened yet</source>
      <translation>Noch nichts geöffnet</translation>
    </message>
    <message>
      <source>Open this file again.</source>
      <translation>Diese Datei wieder öffnen.</translation>
    </message>
    <message>
      <source>“{name}” is no longer there; it was taken out of the recent files.</source>
      <translation>„{name}“ gibt es nicht mehr; der Eintrag wurde aus der Liste genommen.</translation>
    </message>
  </context>
  <context>
    <name>Recovery</name>
    <message>
      <source>Opened</source>
      <translation>Geöffnet</translation>
    </message>
    <message>
      <source>{count} more pieces of what was kept are damaged.</source>
      <translation>{count} weitere Teile des Gesicherten sind beschädigt.</translation>
    </message>
  </context>
  <context>
    <name>RecoveryOffer</name>
    <message>
      <source>Ask again at the next start</source>
      <translation>Beim nächsten Start wieder fragen</translation>
    </message>
    <message>
      <source>Discard</source>
      <translation>Verwerfen</translation>
    </message>
    <message>
      <source>Duskroom did not close as it should last time. These photos were open:</source>
      <translation>Duskroom wurde beim letzten Mal nicht ordentlich geschlossen. Diese Fotos waren offen:</translation>
    </message>
    <message>
      <source>Later</source>
      <translation>Später</translation>
    </message>
    <message>
      <source>Photos that can be recovered</source>
      <translation>Fotos, die wiederhergestellt werden können</translation>
    </message>
    <message>
      <source>Recover Photos</source>
      <translation>Fotos wiederherstellen</translation>
    </message>
    <message>
      <source>Restore</source>
      <translation>Wiederherstellen</translation>
    </message>
    <message>
      <source>Untitled</source>
      <translation>Unbenannt</translation>
    </message>
    <message>
      <source>unchanged, {time}</source>
      <translation>unverändert, {time}</translation>
    </message>
    <message>
      <source>with unsaved changes, {time}</source>
      <translation>mit ungespeicherten Änderungen, {time}</translation>
    </message>
    <message>
      <source>“Discard” removes what was kept of them; your own files stay as they are.</source>
      <translation>„Verwerfen“ löscht, was von ihnen gesichert wurde; Ihre eigenen Dateien bleiben, wie sie sind.</translation>
    </message>
  </context>
  <context>
    <name>SaveDialog</name>
    <message>
      <source>&amp;Format</source>
      <translation>&amp;Format</translation>
    </message>
    <message>
      <source>&amp;Metadata</source>
      <translation>&amp;Metadaten</translation>
    </message>
    <message>
      <source>&amp;Name</source>
      <translation>&amp;Name</translation>
    </message>
    <message>
      <source>&amp;Quality</source>
      <translation>&amp;Qualität</translation>
    </message>
    <message>
      <source>Author and copyright only</source>
      <translation>Nur Urheber und Rechte</translation>
    </message>
    <message>
      <source>Browse…</source>
      <translation>Durchsuchen …</translation>
    </message>
    <message>
      <source>Choose a Folder</source>
      <translation>Ordner wählen</translation>
    </message>
    <message>
      <source>Choose the folder in a dialog.</source>
      <translation>Den Ordner in einem Dialog wählen.</translation>
    </message>
    <message>
      <source>Everything</source>
      <translation>Alles</translation>
    </message>
    <message>
      <source>Everything but the place</source>
      <translation>Alles außer dem Ort</translation>
    </message>
    <message>
      <source>F&amp;older</source>
      <translation>&amp;Ordner</translation>
    </message>
    <message>
      <source>File size</source>
      <translation>Dateigröße</translation>
    </message>
    <message>
      <source>Give the file a name without “{separator}”.</source>
      <translation>Geben Sie der Datei einen Namen ohne „{separator}“.</translation>
    </message>
    <message>
      <source>JPEG is read everywhere; PNG and TIFF keep every pixel; WebP and AVIF are smallest.</source>
      <translation>JPEG lässt sich überall lesen; PNG und TIFF bewahren jedes Pixel; WebP und AVIF sind am kleinsten.</translation>
    </message>
    <message>
      <source>More quality makes a larger file; from 90 on a loss is hard to see.</source>
      <translation>Mehr Qualität macht die Datei größer; ab 90 ist ein Verlust kaum zu sehen.</translation>
    </message>
    <message>
      <source>No file here can have this name; choose a shorter one.</source>
      <translation>Keine Datei kann hier so heißen; wählen Sie einen kürzeren Namen.</translation>
    </message>
    <message>
      <source>Note the neural steps in the file (XMP)</source>
      <translation>Die neuronalen Schritte in der Datei vermerken (XMP)</translation>
    </message>
    <message>
      <source>Nothing</source>
      <translation>Nichts</translation>
    </message>
    <message>
      <source>Quality</source>
      <translation>Qualität</translation>
    </message>
    <message>
      <source>Replace it</source>
      <translation>Ersetzen</translation>
    </message>
    <message>
      <source>Save</source>
      <translation>Speichern</translation>
    </message>
    <message>
      <source>Save As</source>
      <translation>Speichern unter</translation>
    </message>
    <message>
      <source>The file that has this name is replaced once the new one is written whole.</source>
      <translation>Die Datei dieses Namens wird ersetzt, sobald die neue ganz geschrieben ist.</translation>
    </message>
    <message>
      <source>The file’s name; its ending follows the format.</source>
      <translation>Der Name der Datei; seine Endung folgt dem Format.</translation>
    </message>
    <message>
      <source>The folder that the file is written to.</source>
      <translation>Der Ordner, in den die Datei geschrieben wird.</translation>
    </message>
    <message>
      <source>There is a “{name}” in this folder already.</source>
      <translation>In diesem Ordner gibt es schon „{name}“.</translation>
    </message>
    <message>
      <source>There is no folder “{folder}”; choose another.</source>
      <translation>Den Ordner „{folder}“ gibt es nicht; wählen Sie einen anderen.</translation>
    </message>
    <message>
      <source>What of camera data, place, titles and rights goes into the file; the colour profile always does.</source>
      <translation>Was von Kameradaten, Ort, Titeln und Rechten in die Datei kommt; das Farbprofil kommt immer hinein.</translation>
    </message>
    <message>
      <source>Which models made the picture, with their settings, for other programs and for later.</source>
      <translation>Welche Modelle das Bild gemacht haben, mit ihren Einstellungen, für andere Programme und für später.</translation>
    </message>
    <message>
      <source>“{name}” is a folder; choose another name.</source>
      <translation>„{name}“ ist ein Ordner; wählen Sie einen anderen Namen.</translation>
    </message>
    <message>
      <source>“{name}” is the photo that you opened.</source>
      <translation>„{name}“ ist das Foto, das Sie geöffnet haben.</translation>
    </message>
  </context>
  <context>
    <name>Saving</name>
    <message>
      <source>Don’t Save</source>
      <translation>Nicht speichern</translation>
    </message>
    <message>
      <source>Save</source>
      <translation>Speichern</translation>
    </message>
    <message>
      <source>Save the changes to “{name}”?</source>
      <translation>Die Änderungen an „{name}“ speichern?</translation>
    </message>
    <message>
      <source>Saved as {target}.</source>
      <translation>Gespeichert als {target}.</translation>
    </message>
    <message>
      <source>Save…</source>
      <translation>Speichern …</translation>
    </message>
    <message>
      <source>Saving {name}…</source>
      <translation>{name} wird gespeichert …</translation>
    </message>
    <message>
      <source>Stop Work</source>
      <translation>Arbeit abbrechen</translation>
    </message>
    <message>
      <source>Stop the work on “{name}”?</source>
      <translation>Die Arbeit an „{name}“ abbrechen?</translation>
    </message>
    <message>
      <source>Unfinished Work</source>
      <translation>Unfertige Arbeit</translation>
    </message>
    <message>
      <source>Unsaved Changes</source>
      <translation>Ungespeicherte Änderungen</translation>
    </message>
    <message>
      <source>What still runs for it is stopped, and its result lost.</source>
      <translation>Was noch daran läuft, wird abgebrochen, und sein Ergebnis geht verloren.</translation>
    </message>
    <message>
      <source>Without saving, what was done since the last save is lost.</source>
      <translation>Ohne Speichern geht verloren, was seit dem letzten Speichern getan wurde.</translation>
    </message>
    <message>
      <source>the photo</source>
      <translation>dem Foto</translation>
    </message>
  </context>
  <context>
    <name>ShortcutsDialog</name>
    <message>
      <source>&amp;Assign</source>
      <translation>&amp;Zuweisen</translation>
    </message>
    <message>
      <source>&amp;New keys</source>
      <translation>&amp;Neue Tasten</translation>
    </message>
    <message>
      <source>&amp;Remove</source>
      <translation>&amp;Entfernen</translation>
    </message>
    <message>
      <source>Action</source>
      <translation>Aktion</translation>
    </message>
    <message>
      <source>Actions and their keys</source>
      <translation>Aktionen und ihre Tasten</translation>
    </message>
    <message>
      <source>Choose the action whose keys you want to change.</source>
      <translation>Wählen Sie die Aktion, deren Tasten Sie ändern möchten.</translation>
    </message>
    <message>
      <source>Close</source>
      <translation>Schließen</translation>
    </message>
    <message>
      <source>Every action gets the keys it came with.</source>
      <translation>Jede Aktion bekommt die Tasten, mit denen sie kam.</translation>
    </message>
    <message>
      <source>Find an action or a key</source>
      <translation>Aktion oder Taste suchen</translation>
    </message>
    <message>
      <source>Give these keys to the chosen action; an action that had them loses them.</source>
      <translation>Der gewählten Aktion diese Tasten geben; eine Aktion, die sie hatte, verliert sie.</translation>
    </message>
    <message>
      <source>Keyboard Shortcuts</source>
      <translation>Tastenkürzel</translation>
    </message>
    <message>
      <source>Keys</source>
      <translation>Tasten</translation>
    </message>
    <message>
      <source>New keys</source>
      <translation>Neue Tasten</translation>
    </message>
    <message>
      <source>Press the keys that the chosen action should have.</source>
      <translation>Drücken Sie die Tasten, die die gewählte Aktion haben soll.</translation>
    </message>
    <message>
      <source>Res&amp;et</source>
      <translation>Zu&amp;rücksetzen</translation>
    </message>
    <message>
      <source>Reset A&amp;ll</source>
      <translation>A&amp;lle zurücksetzen</translation>
    </message>
    <message>
      <source>Shows only actions whose name or keys hold what you type.</source>
      <translation>Zeigt nur Aktionen, deren Name oder Tasten enthalten, was Sie tippen.</translation>
    </message>
    <message>
      <source>The chosen action gets the keys it came with.</source>
      <translation>Die gewählte Aktion bekommt die Tasten, mit denen sie kam.</translation>
    </message>
    <message>
      <source>The chosen action has no keys from now on.</source>
      <translation>Die gewählte Aktion hat von nun an keine Tasten.</translation>
    </message>
    <message>
      <source>“{keys}” belongs to “{action}”, which loses it if you assign it here.</source>
      <translation>„{keys}“ gehört zu „{action}“; die Aktion verliert es, wenn Sie es hier zuweisen.</translation>
    </message>
  </context>
  <context>
    <name>SizeChoice</name>
    <message>
      <source> px</source>
      <translation> px</translation>
    </message>
    <message>
      <source>Height</source>
      <translation>Höhe</translation>
    </message>
    <message>
      <source>Model’s scale</source>
      <translation>Maßstab des Modells</translation>
    </message>
    <message>
      <source>Percent</source>
      <translation>Prozent</translation>
    </message>
    <message>
      <source>Size</source>
      <translation>Größe</translation>
    </message>
    <message>
      <source>Size by</source>
      <translation>Größe nach</translation>
    </message>
    <message>
      <source>Width</source>
      <translation>Breite</translation>
    </message>
  </context>
  <context>
    <name>SourceWatch</name>
    <message>
      <source>“{name}” is no longer where it was opened from. It is still open here; save it to keep it.</source>
      <translation>„{name}“ ist nicht mehr da, wo es geöffnet wurde. Hier ist es noch offen; speichern Sie es, um es zu behalten.</translation>
    </message>
    <message>
      <source>“{name}” was changed by another program. What is open here is what it was before; close it and open it again to see the change.</source>
      <translation>„{name}“ wurde von einem anderen Programm geändert. Offen ist hier, was es vorher war; schließen und öffnen Sie es, um die Änderung zu sehen.</translation>
    </message>
  </context>
  <context>
    <name>Storage</name>
    <message>
      <source>What you do cannot be kept on disk, so that a crash would lose it: save your photos, and see that {folder} can be written to and has some space.</source>
      <translation>Was Sie tun, kann nicht auf der Festplatte festgehalten werden, sodass ein Absturz es verlöre: Speichern Sie Ihre Fotos, und sehen Sie nach, ob in {folder} geschrieben werden kann und Platz ist.</translation>
    </message>
  </context>
  <context>
    <name>Strength</name>
    <message>
      <source>Strength</source>
      <translation>Stärke</translation>
    </message>
  </context>
  <context>
    <name>UpscaleFacts</name>
    <message>
      <source>Memory</source>
      <translation>Speicher</translation>
    </message>
    <message>
      <source>Now</source>
      <translation>Jetzt</translation>
    </message>
    <message>
      <source>Runs on</source>
      <translation>Läuft auf</translation>
    </message>
    <message>
      <source>Takes</source>
      <translation>Dauert</translation>
    </message>
    <message>
      <source>The result needs {needed:.1f} GB of memory and {free:.1f} GB are free. The command line writes it to disk as it goes:
duskroom upscale {source} OUT.tif --model {model}</source>
      <translation>Das Ergebnis braucht {needed:.1f} GB Speicher, und {free:.1f} GB sind frei. Die Befehlszeile schreibt es gleich auf die Platte:
duskroom upscale {source} OUT.tif --model {model}</translation>
    </message>
    <message>
      <source>Upscaled</source>
      <translation>Hochskaliert</translation>
    </message>
    <message>
      <source>shown once it runs</source>
      <translation>steht fest, sobald es läuft</translation>
    </message>
  </context>
  <context>
    <name>UpscalePanel</name>
    <message>
      <source>&amp;Model</source>
      <translation>&amp;Modell</translation>
    </message>
    <message>
      <source>About the model</source>
      <translation>Über das Modell</translation>
    </message>
    <message>
      <source>About…</source>
      <translation>Über …</translation>
    </message>
    <message>
      <source>Add a model</source>
      <translation>Modell hinzufügen</translation>
    </message>
    <message>
      <source>Add a model file to your library</source>
      <translation>Eine Modelldatei zu Ihrer Bibliothek hinzufügen</translation>
    </message>
    <message>
      <source>Add…</source>
      <translation>Neu …</translation>
    </message>
    <message>
      <source>Before / After compares the two. Undo takes the step back, Save As keeps the result.</source>
      <translation>Vorher / Nachher vergleicht die beiden. Rückgängig nimmt den Schritt zurück, Speichern unter behält das Ergebnis.</translation>
    </message>
    <message>
      <source>Compare models…</source>
      <translation>Modelle vergleichen …</translation>
    </message>
    <message>
      <source>How much of the model’s work there is, against a plain enlargement</source>
      <translation>Wie viel von der Arbeit des Modells bleibt, gegenüber einer einfachen Vergrößerung</translation>
    </message>
    <message>
      <source>Looking for models…</source>
      <translation>Modelle werden gesucht …</translation>
    </message>
    <message>
      <source>Model</source>
      <translation>Modell</translation>
    </message>
    <message>
      <source>No model yet</source>
      <translation>Noch kein Modell</translation>
    </message>
    <message>
      <source>Open a photo first.</source>
      <translation>Öffnen Sie zuerst ein Foto.</translation>
    </message>
    <message>
      <source>Opening the model…</source>
      <translation>Das Modell wird geöffnet …</translation>
    </message>
    <message>
      <source>S&amp;trength</source>
      <translation>S&amp;tärke</translation>
    </message>
    <message>
      <source>See a part of the photo through each model, with the time it takes</source>
      <translation>Einen Ausschnitt des Fotos durch jedes Modell sehen, mit der Zeit, die es braucht</translation>
    </message>
    <message>
      <source>Si&amp;ze</source>
      <translation>&amp;Größe</translation>
    </message>
    <message>
      <source>The model runs {count} times, on its own result.</source>
      <translation>Das Modell läuft {count}-mal, auf seinem eigenen Ergebnis.</translation>
    </message>
    <message>
      <source>There is no super-resolution model yet. Add an ONNX file with a card.</source>
      <translation>Es gibt noch kein Modell zum Hochskalieren. Fügen Sie eine ONNX-Datei mit Karte hinzu.</translation>
    </message>
    <message>
      <source>Upscale</source>
      <translation>Hochskalieren</translation>
    </message>
    <message>
      <source>Upscale to {width} × {height}</source>
      <translation>Auf {width} × {height} hochskalieren</translation>
    </message>
    <message>
      <source>Upscale ×{scale}</source>
      <translation>Hochskalieren ×{scale}</translation>
    </message>
    <message>
      <source>What it makes, {width} × {height}, is reduced to the size.</source>
      <translation>Was es macht, {width} × {height}, wird auf die Größe verkleinert.</translation>
    </message>
    <message>
      <source>What the model says about itself: what it learned from, its quality, its author</source>
      <translation>Was das Modell über sich sagt: woraus es gelernt hat, seine Qualität, sein Urheber</translation>
    </message>
    <message>
      <source>about {time}</source>
      <translation>etwa {time}</translation>
    </message>
    <message>
      <source>finding out…</source>
      <translation>wird ermittelt …</translation>
    </message>
  </context>
  <context>
    <name>Upscaling</name>
    <message>
      <source>Upscale with {model}</source>
      <translation>Hochskalieren mit {model}</translation>
    </message>
  </context>
  <context>
    <name>ZoomField</name>
    <message>
      <source>Fit</source>
      <translation>Einpassen</translation>
    </message>
    <message>
      <source>Zoom</source>
      <translation>Zoom</translation>
    </message>
    <message>
      <source>Zoom: choose a size, or type one in percent</source>
      <translation>Zoom: Wählen Sie eine Größe, oder geben Sie Prozent ein</translation>
    </message>
    <message>
      <source>{percent} %</source>
      <translation>{percent} %</translation>
    </message>
  </context>
  <context>
    <name>about</name>
    <message>
      <source>A photo editor with neural tools that an artist can also train.

Apache License 2.0. Qt {qt}.</source>
      <translation>Ein Fotoeditor mit neuronalen Werkzeugen, die man als Künstler auch trainieren kann.

Apache-Lizenz 2.0. Qt {qt}.</translation>
    </message>
    <message>
      <source>About Duskroom</source>
      <translation>Über Duskroom</translation>
    </message>
    <message>
      <source>Duskroom {version}</source>
      <translation>Duskroom {version}</translation>
    </message>
  </context>
  <context>
    <name>actions</name>
    <message>
      <source>&amp;100 %</source>
      <translation>&amp;100 %</translation>
    </message>
    <message>
      <source>&amp;200 %</source>
      <translation>&amp;200 %</translation>
    </message>
    <message>
      <source>&amp;About Duskroom</source>
      <translation>Ü&amp;ber Duskroom</translation>
    </message>
    <message>
      <source>&amp;Before / After</source>
      <translation>&amp;Vorher / Nachher</translation>
    </message>
    <message>
      <source>&amp;Clear This List</source>
      <translation>Diese &amp;Liste leeren</translation>
    </message>
    <message>
      <source>&amp;Close</source>
      <translation>S&amp;chließen</translation>
    </message>
    <message>
      <source>&amp;Copy</source>
      <translation>&amp;Kopieren</translation>
    </message>
    <message>
      <source>&amp;Crop Panel</source>
      <translation>Feld „&amp;Zuschneiden“</translation>
    </message>
    <message>
      <source>&amp;Dark</source>
      <translation>&amp;Dunkel</translation>
    </message>
    <message>
      <source>&amp;Edit</source>
      <translation>&amp;Bearbeiten</translation>
    </message>
    <message>
      <source>&amp;File</source>
      <translation>&amp;Datei</translation>
    </message>
    <message>
      <source>&amp;Fit</source>
      <translation>&amp;Einpassen</translation>
    </message>
    <message>
      <source>&amp;Help</source>
      <translation>&amp;Hilfe</translation>
    </message>
    <message>
      <source>&amp;Hide Panels</source>
      <translation>Fel&amp;der ausblenden</translation>
    </message>
    <message>
      <source>&amp;Image</source>
      <translation>B&amp;ild</translation>
    </message>
    <message>
      <source>&amp;Keyboard Shortcuts…</source>
      <translation>&amp;Tastenkürzel …</translation>
    </message>
    <message>
      <source>&amp;Light</source>
      <translation>&amp;Hell</translation>
    </message>
    <message>
      <source>&amp;Mask Panel</source>
      <translation>Feld „&amp;Maske“</translation>
    </message>
    <message>
      <source>&amp;Next Photo</source>
      <translation>Nä&amp;chstes Foto</translation>
    </message>
    <message>
      <source>&amp;Open…</source>
      <translation>Ö&amp;ffnen …</translation>
    </message>
    <message>
      <source>&amp;Paste as New</source>
      <translation>Als neues Bild e&amp;infügen</translation>
    </message>
    <message>
      <source>&amp;Quit</source>
      <translation>&amp;Beenden</translation>
    </message>
    <message>
      <source>&amp;Redo</source>
      <translation>&amp;Wiederholen</translation>
    </message>
    <message>
      <source>&amp;Save</source>
      <translation>&amp;Speichern</translation>
    </message>
    <message>
      <source>&amp;Side by Side</source>
      <translation>&amp;Nebeneinander</translation>
    </message>
    <message>
      <source>&amp;Theme</source>
      <translation>&amp;Farbschema</translation>
    </message>
    <message>
      <source>&amp;Undo</source>
      <translation>&amp;Rückgängig</translation>
    </message>
    <message>
      <source>&amp;Upscale Panel</source>
      <translation>Feld „&amp;Hochskalieren“</translation>
    </message>
    <message>
      <source>&amp;View</source>
      <translation>&amp;Ansicht</translation>
    </message>
    <message>
      <source>&amp;What’s This?</source>
      <translation>&amp;Was ist das?</translation>
    </message>
    <message>
      <source>About the M&amp;odel…</source>
      <translation>Über das M&amp;odell …</translation>
    </message>
    <message>
      <source>Ad&amp;just Panel</source>
      <translation>Feld „&amp;Anpassen“</translation>
    </message>
    <message>
      <source>Before On&amp;ly</source>
      <translation>N&amp;ur vorher</translation>
    </message>
    <message>
      <source>C&amp;ancel</source>
      <translation>&amp;Abbrechen</translation>
    </message>
    <message>
      <source>C&amp;lose All</source>
      <translation>A&amp;lle schließen</translation>
    </message>
    <message>
      <source>Click anything to have it explained</source>
      <translation>Klicken Sie an, was erklärt werden soll</translation>
    </message>
    <message>
      <source>Close the photo that is shown</source>
      <translation>Das gezeigte Foto schließen</translation>
    </message>
    <message>
      <source>Contact &amp;Sheet…</source>
      <translation>&amp;Kontaktbogen …</translation>
    </message>
    <message>
      <source>Copy &amp;Visible Part</source>
      <translation>&amp;Sichtbaren Teil kopieren</translation>
    </message>
    <message>
      <source>Copy the part of the picture that is on screen, at full size</source>
      <translation>Den Teil des Bildes kopieren, der zu sehen ist, in voller Größe</translation>
    </message>
    <message>
      <source>Copy the whole picture for other programs</source>
      <translation>Das ganze Bild für andere Programme kopieren</translation>
    </message>
    <message>
      <source>Crop, straighten, turn, resize</source>
      <translation>Zuschneiden, gerade richten, drehen, Größe ändern</translation>
    </message>
    <message>
      <source>Divide pixels by lines above 800 %</source>
      <translation>Pixel über 800 % durch Linien trennen</translation>
    </message>
    <message>
      <source>Divide the canvas: before the last step on the left, after it on the right</source>
      <translation>Die Leinwand teilen: links vor dem letzten Schritt, rechts danach</translation>
    </message>
    <message>
      <source>Explain what has the keyboard now, and how to work with Duskroom</source>
      <translation>Erklären, was gerade die Tastatur hat, und wie man mit Duskroom arbeitet</translation>
    </message>
    <message>
      <source>Exposure, contrast, white balance, saturation</source>
      <translation>Belichtung, Kontrast, Weißabgleich, Sättigung</translation>
    </message>
    <message>
      <source>F&amp;ull Screen</source>
      <translation>Vo&amp;llbild</translation>
    </message>
    <message>
      <source>Fill the whole screen; Escape leaves it</source>
      <translation>Den ganzen Bildschirm füllen; Escape verlässt es</translation>
    </message>
    <message>
      <source>Fit &amp;Width</source>
      <translation>&amp;Breite einpassen</translation>
    </message>
    <message>
      <source>Flip &amp;Across</source>
      <translation>&amp;Waagerecht spiegeln</translation>
    </message>
    <message>
      <source>Flip &amp;Down</source>
      <translation>&amp;Senkrecht spiegeln</translation>
    </message>
    <message>
      <source>Forget which files were opened</source>
      <translation>Vergessen, welche Dateien geöffnet waren</translation>
    </message>
    <message>
      <source>Histor&amp;y</source>
      <translation>Verl&amp;auf</translation>
    </message>
    <message>
      <source>Left becomes right</source>
      <translation>Links wird rechts</translation>
    </message>
    <message>
      <source>Like the &amp;System</source>
      <translation>Wie das &amp;System</translation>
    </message>
    <message>
      <source>One part of the photo through every model, to choose from</source>
      <translation>Ein Ausschnitt des Fotos durch jedes Modell, zum Auswählen</translation>
    </message>
    <message>
      <source>One pixel of the photo on one pixel of the screen</source>
      <translation>Ein Pixel des Fotos auf einem Pixel des Bildschirms</translation>
    </message>
    <message>
      <source>One pixel of the photo on two by two of the screen</source>
      <translation>Ein Pixel des Fotos auf zwei mal zwei des Bildschirms</translation>
    </message>
    <message>
      <source>Open &amp;Recent</source>
      <translation>&amp;Zuletzt geöffnet</translation>
    </message>
    <message>
      <source>Open a photo</source>
      <translation>Ein Foto öffnen</translation>
    </message>
    <message>
      <source>Open the picture or the file on the clipboard</source>
      <translation>Das Bild oder die Datei in der Zwischenablage öffnen</translation>
    </message>
    <message>
      <source>P&amp;revious Photo</source>
      <translation>Vor&amp;iges Foto</translation>
    </message>
    <message>
      <source>Paint where tools may change the photo</source>
      <translation>Malen, wo Werkzeuge das Foto ändern dürfen</translation>
    </message>
    <message>
      <source>Pixel &amp;Grid</source>
      <translation>Pixel&amp;raster</translation>
    </message>
    <message>
      <source>Pre&amp;ferences…</source>
      <translation>&amp;Einstellungen …</translation>
    </message>
    <message>
      <source>Rotate &amp;Left</source>
      <translation>Nach &amp;links drehen</translation>
    </message>
    <message>
      <source>Rotate &amp;Right</source>
      <translation>Nach &amp;rechts drehen</translation>
    </message>
    <message>
      <source>Save &amp;As…</source>
      <translation>Speichern &amp;unter …</translation>
    </message>
    <message>
      <source>Save to the file saved to before, or ask for one</source>
      <translation>In die zuletzt gespeicherte Datei speichern, sonst nach einer fragen</translation>
    </message>
    <message>
      <source>Save under a name, in a format and quality you choose</source>
      <translation>Unter einem Namen speichern, in Format und Qualität Ihrer Wahl</translation>
    </message>
    <message>
      <source>See, find and change the keys of every action</source>
      <translation>Die Tasten jeder Aktion ansehen, finden und ändern</translation>
    </message>
    <message>
      <source>Show nothing but the photo; Escape brings the panels back</source>
      <translation>Nur das Foto zeigen; Escape holt die Felder zurück</translation>
    </message>
    <message>
      <source>Show the list of what was done</source>
      <translation>Die Liste dessen zeigen, was getan wurde</translation>
    </message>
    <message>
      <source>Show the photo as it was before; hold the key to see it only so long</source>
      <translation>Das Foto zeigen, wie es vorher war; halten Sie die Taste, um es nur so lange zu sehen</translation>
    </message>
    <message>
      <source>Show the photo as wide as the canvas</source>
      <translation>Das Foto so breit wie die Fläche zeigen</translation>
    </message>
    <message>
      <source>Show the photo before the last step and after it beside one another</source>
      <translation>Das Foto vor und nach dem letzten Schritt nebeneinander zeigen</translation>
    </message>
    <message>
      <source>Show the whole photo</source>
      <translation>Das ganze Foto zeigen</translation>
    </message>
    <message>
      <source>Stop what is running</source>
      <translation>Anhalten, was läuft</translation>
    </message>
    <message>
      <source>Theme, language, memory, questions and shortcuts</source>
      <translation>Farbschema, Sprache, Speicher, Fragen und Tastenkürzel</translation>
    </message>
    <message>
      <source>Tools</source>
      <translation>Werkzeuge</translation>
    </message>
    <message>
      <source>Top becomes bottom</source>
      <translation>Oben wird unten</translation>
    </message>
    <message>
      <source>Up&amp;scale</source>
      <translation>&amp;Hochskalieren</translation>
    </message>
    <message>
      <source>Upscale with the model chosen in the panel</source>
      <translation>Mit dem Modell hochskalieren, das im Bedienfeld gewählt ist</translation>
    </message>
    <message>
      <source>What the chosen model is good for, and what it was trained on</source>
      <translation>Wofür das gewählte Modell gut ist und womit es trainiert wurde</translation>
    </message>
    <message>
      <source>Zoom &amp;In</source>
      <translation>Ver&amp;größern</translation>
    </message>
    <message>
      <source>Zoom &amp;Out</source>
      <translation>Ver&amp;kleinern</translation>
    </message>
  </context>
  <context>
    <name>documents</name>
    <message>
      <source>Open Photos</source>
      <translation>Fotos öffnen</translation>
    </message>
  </context>
  <context>
    <name>engines</name>
    <message>
      <source>A file name cannot hold a null character; choose another name.</source>
      <translation>Ein Dateiname kann kein Nullzeichen enthalten; wählen Sie einen anderen Namen.</translation>
    </message>
    <message>
      <source>A file name cannot hold a null character; choose another picture.</source>
      <translation>Ein Dateiname kann kein Nullzeichen enthalten; wählen Sie ein anderes Bild.</translation>
    </message>
    <message>
      <source>A picture of {v1}×{v2} pixels does not fit in memory; choose a smaller size.</source>
      <translation>Ein Bild von {v1}×{v2} Pixeln passt nicht in den Speicher; wählen Sie eine kleinere Größe.</translation>
    </message>
    <message>
      <source>A picture of {v1}×{v2} pixels does not fit in memory; upscale it on the command line, which streams.</source>
      <translation>Ein Bild von {v1}×{v2} Pixeln passt nicht in den Speicher; skalieren Sie es auf der Befehlszeile hoch, die es stückweise schreibt.</translation>
    </message>
    <message>
      <source>A tile of {v1} pixels is too small for “{v2}”; it needs at least {v3}.</source>
      <translation>Eine Kachel von {v1} Pixeln ist zu klein für „{v2}“; das Modell braucht mindestens {v3}.</translation>
    </message>
    <message>
      <source>Duskroom reads {v1} but does not write it; choose one of {v2}.</source>
      <translation>Duskroom liest {v1}, schreibt es aber nicht; wählen Sie eines von {v2}.</translation>
    </message>
    <message>
      <source>Duskroom reads {v1} but does not write it; let the name end in one of {v2}.</source>
      <translation>Duskroom liest {v1}, schreibt es aber nicht; lassen Sie den Namen auf eines von {v2} enden.</translation>
    </message>
    <message>
      <source>Memory ran out with tiles of {v1} pixels; going on with {v2}.</source>
      <translation>Mit Kacheln von {v1} Pixeln ging der Speicher aus; es geht mit {v2} weiter.</translation>
    </message>
    <message>
      <source>No model in the library enlarges {v1} times; the scales there are: {v2}.</source>
      <translation>Kein Modell in der Bibliothek vergrößert auf das {v1}-Fache; vorhandene Maßstäbe: {v2}.</translation>
    </message>
    <message>
      <source>No model in the library translates to “{v1}”; the domains there are: {v2}.</source>
      <translation>Kein Modell in der Bibliothek übersetzt nach „{v1}“; vorhandene Domänen: {v2}.</translation>
    </message>
    <message>
      <source>On {v1} int8 is not faster, so “{v2}” does the work of “{v3}”.</source>
      <translation>Auf {v1} ist int8 nicht schneller, daher macht „{v2}“ die Arbeit von „{v3}“.</translation>
    </message>
    <message>
      <source>The GPU could not be used ({v1}); the CPU does the work.</source>
      <translation>Die GPU konnte nicht genutzt werden ({v1}); die CPU macht die Arbeit.</translation>
    </message>
    <message>
      <source>The GPU could not be used: ONNX Runtime did not load its CUDA libraries; the CPU does the work.</source>
      <translation>Die GPU konnte nicht genutzt werden: ONNX Runtime hat seine CUDA-Bibliotheken nicht geladen; die CPU macht die Arbeit.</translation>
    </message>
    <message>
      <source>The GPU failed ({v1}); the CPU goes on with the work.</source>
      <translation>Die GPU ist ausgefallen ({v1}); die CPU macht die Arbeit weiter.</translation>
    </message>
    <message>
      <source>The GPU has too little memory for this model; the CPU goes on with the work.</source>
      <translation>Die GPU hat zu wenig Speicher für dieses Modell; die CPU macht die Arbeit weiter.</translation>
    </message>
    <message>
      <source>The card of “{v1}” is wrong: {v2}; export the model again.</source>
      <translation>Die Modellkarte von „{v1}“ ist falsch: {v2}; exportieren Sie das Modell neu.</translation>
    </message>
    <message>
      <source>The card of “{v1}” is wrong: “{v2}” {v3}; export the model again.</source>
      <translation>Die Modellkarte von „{v1}“ ist falsch: „{v2}“ {v3}; exportieren Sie das Modell neu.</translation>
    </message>
    <message>
      <source>The disk is full, so “{v1}” was not written; free some space or choose another disk.</source>
      <translation>Die Festplatte ist voll, daher wurde „{v1}“ nicht geschrieben; schaffen Sie Platz, oder wählen Sie eine andere Festplatte.</translation>
    </message>
    <message>
      <source>The file holds several pages; only the first is used.</source>
      <translation>Die Datei enthält mehrere Seiten; nur die erste wird verwendet.</translation>
    </message>
    <message>
      <source>The folder of “{v1}” does not exist; create it or choose another one.</source>
      <translation>Den Ordner von „{v1}“ gibt es nicht; legen Sie ihn an, oder wählen Sie einen anderen.</translation>
    </message>
    <message>
      <source>The folder of “{v1}” is a file, not a folder; choose another place for the result.</source>
      <translation>Der Ordner von „{v1}“ ist eine Datei und kein Ordner; wählen Sie einen anderen Ort für das Ergebnis.</translation>
    </message>
    <message>
      <source>The folder “{v1}” cannot be written to; choose another one.</source>
      <translation>In den Ordner „{v1}“ kann nicht geschrieben werden; wählen Sie einen anderen.</translation>
    </message>
    <message>
      <source>The folder “{v1}” does not exist; create it or choose another one.</source>
      <translation>Den Ordner „{v1}“ gibt es nicht; legen Sie ihn an, oder wählen Sie einen anderen.</translation>
    </message>
    <message>
      <source>The library already has a model “{v1}”; rename the file, or remove that one first.</source>
      <translation>Die Bibliothek hat schon ein Modell „{v1}“; benennen Sie die Datei um, oder entfernen Sie zuerst jenes.</translation>
    </message>
    <message>
      <source>The model cannot be copied to “{v1}” ({v2}); make room or check the rights.</source>
      <translation>Das Modell kann nicht nach „{v1}“ kopiert werden ({v2}); schaffen Sie Platz, oder prüfen Sie die Rechte.</translation>
    </message>
    <message>
      <source>The model “{v1}” cannot be read ({v2}); check its permissions.</source>
      <translation>Das Modell „{v1}“ kann nicht gelesen werden ({v2}); prüfen Sie seine Zugriffsrechte.</translation>
    </message>
    <message>
      <source>The model “{v1}” failed ({v2}); use another model or export it again.</source>
      <translation>Das Modell „{v1}“ ist gescheitert ({v2}); nehmen Sie ein anderes, oder exportieren Sie es neu.</translation>
    </message>
    <message>
      <source>The model “{v1}” returned values that are not numbers; use another model.</source>
      <translation>Das Modell „{v1}“ gab Werte zurück, die keine Zahlen sind; nehmen Sie ein anderes Modell.</translation>
    </message>
    <message>
      <source>The models in the library translate {v1}; say which domain to go to.</source>
      <translation>Die Modelle in der Bibliothek übersetzen {v1}; geben Sie an, in welche Domäne es gehen soll.</translation>
    </message>
    <message>
      <source>The name “{v1}…” is too long for this disk; choose a shorter one.</source>
      <translation>Der Name „{v1}…“ ist zu lang für diese Festplatte; wählen Sie einen kürzeren.</translation>
    </message>
    <message>
      <source>The name “{v1}…” is too long to be a file; check it.</source>
      <translation>Der Name „{v1}…“ ist zu lang für eine Datei; prüfen Sie ihn.</translation>
    </message>
    <message>
      <source>The picture has more than 8 bits a channel; they were rounded to 8.</source>
      <translation>Das Bild hat mehr als 8 Bit je Kanal; sie wurden auf 8 gerundet.</translation>
    </message>
    <message>
      <source>The picture has more than four channels; only red, green and blue are used.</source>
      <translation>Das Bild hat mehr als vier Kanäle; nur Rot, Grün und Blau werden verwendet.</translation>
    </message>
    <message>
      <source>The picture is animated; only its first frame is used.</source>
      <translation>Das Bild ist animiert; nur sein erstes Einzelbild wird verwendet.</translation>
    </message>
    <message>
      <source>The picture's 32-bit pixels were rounded to 16 bit.</source>
      <translation>Die 32-Bit-Pixel des Bildes wurden auf 16 Bit gerundet.</translation>
    </message>
    <message>
      <source>The picture's CMYK colours were converted to sRGB by {v1}.</source>
      <translation>Die CMYK-Farben des Bildes wurden mit {v1} in sRGB umgewandelt.</translation>
    </message>
    <message>
      <source>The picture's EXIF data is damaged and was left out.</source>
      <translation>Die EXIF-Daten des Bildes sind beschädigt und wurden weggelassen.</translation>
    </message>
    <message>
      <source>The picture's Lab colours were converted to sRGB.</source>
      <translation>Die Lab-Farben des Bildes wurden in sRGB umgewandelt.</translation>
    </message>
    <message>
      <source>The picture's colour profile cannot be applied; its colours are taken as sRGB.</source>
      <translation>Das Farbprofil des Bildes lässt sich nicht anwenden; seine Farben gelten als sRGB.</translation>
    </message>
    <message>
      <source>The picture's colour profile is damaged and was left out; its colours are taken as sRGB.</source>
      <translation>Das Farbprofil des Bildes ist beschädigt und wurde weggelassen; seine Farben gelten als sRGB.</translation>
    </message>
    <message>
      <source>The picture's colour profile is of another kind than its pixels and was left out.</source>
      <translation>Das Farbprofil des Bildes ist von anderer Art als seine Pixel und wurde weggelassen.</translation>
    </message>
    <message>
      <source>The picture's colour profile is too large for a JPEG and was left out.</source>
      <translation>Das Farbprofil des Bildes ist zu groß für ein JPEG und wurde weggelassen.</translation>
    </message>
    <message>
      <source>The picture's colour profile leads one way only; its colours were converted to sRGB.</source>
      <translation>Das Farbprofil des Bildes gilt nur in einer Richtung; seine Farben wurden in sRGB umgewandelt.</translation>
    </message>
    <message>
      <source>The picture's floating-point pixels were cut to 0…1 and rounded to 16 bit.</source>
      <translation>Die Gleitkomma-Pixel des Bildes wurden auf 0…1 beschnitten und auf 16 Bit gerundet.</translation>
    </message>
    <message>
      <source>The picture's grey profile cannot be used; its greys are taken as sRGB.</source>
      <translation>Das Grauprofil des Bildes lässt sich nicht verwenden; seine Grautöne gelten als sRGB.</translation>
    </message>
    <message>
      <source>The picture's {v1} data is too large for a JPEG and was left out.</source>
      <translation>Die {v1}-Daten des Bildes sind zu groß für ein JPEG und wurden weggelassen.</translation>
    </message>
    <message>
      <source>The quality is a whole number from 1 to 100, not {v1}.</source>
      <translation>Die Qualität ist eine ganze Zahl von 1 bis 100, nicht {v1}.</translation>
    </message>
    <message>
      <source>The result is {v1} × {v2} pixels and {v3} holds no side longer than {v4}; choose {v5}.</source>
      <translation>Das Ergebnis hat {v1} × {v2} Pixel, und {v3} fasst keine Seite über {v4}; wählen Sie {v5}.</translation>
    </message>
    <message>
      <source>The settings {v1}; Duskroom starts with its defaults and keeps the old file as {v2}.</source>
      <translation>Die Einstellungen {v1}; Duskroom beginnt mit seinen Vorgaben und behält die alte Datei als {v2}.</translation>
    </message>
    <message>
      <source>The settings {v1}; Duskroom starts with its defaults. Look at {v2}.</source>
      <translation>Die Einstellungen {v1}; Duskroom beginnt mit seinen Vorgaben. Sehen Sie sich {v2} an.</translation>
    </message>
    <message>
      <source>There is no GPU that ONNX Runtime can use here; the CPU does the work.</source>
      <translation>Hier gibt es keine GPU, die ONNX Runtime nutzen kann; die CPU macht die Arbeit.</translation>
    </message>
    <message>
      <source>There is no device “{v1}”; choose {v2}.</source>
      <translation>Ein Gerät „{v1}“ gibt es nicht; wählen Sie {v2}.</translation>
    </message>
    <message>
      <source>There is no file “{v1}”; it may have been moved or deleted.</source>
      <translation>Die Datei „{v1}“ gibt es nicht; vielleicht wurde sie verschoben oder gelöscht.</translation>
    </message>
    <message>
      <source>There is no model at “{v1}”; check the path.</source>
      <translation>Unter „{v1}“ gibt es kein Modell; prüfen Sie den Pfad.</translation>
    </message>
    <message>
      <source>There is no model for {v1} in the library; add one with “duskroom models import FILE”.</source>
      <translation>In der Bibliothek gibt es kein Modell für {v1}; fügen Sie eines mit „duskroom models import FILE“ hinzu.</translation>
    </message>
    <message>
      <source>There is no model “{v1}” in the library; the models there are: {v2}.</source>
      <translation>In der Bibliothek gibt es kein Modell „{v1}“; vorhandene Modelle: {v2}.</translation>
    </message>
    <message>
      <source>There is no picture format “{v1}”; choose one of {v2}.</source>
      <translation>Ein Bildformat „{v1}“ gibt es nicht; wählen Sie eines von {v2}.</translation>
    </message>
    <message>
      <source>There is no room on the disk for turning “{v1}” upright; free some space.</source>
      <translation>Auf der Festplatte ist kein Platz, um „{v1}“ aufrecht zu drehen; schaffen Sie Platz.</translation>
    </message>
    <message>
      <source>There is not enough memory for “{v1}” even in its smallest tiles; close programs.</source>
      <translation>Für „{v1}“ reicht der Speicher selbst mit den kleinsten Kacheln nicht; schließen Sie Programme.</translation>
    </message>
    <message>
      <source>There is not enough memory to open “{v1}”; close programs.</source>
      <translation>Der Speicher reicht nicht, um „{v1}“ zu öffnen; schließen Sie Programme.</translation>
    </message>
    <message>
      <source>There is not enough memory to run “{v1}”; close programs, or use smaller tiles.</source>
      <translation>Der Speicher reicht nicht, um „{v1}“ laufen zu lassen; schließen Sie Programme, oder nehmen Sie kleinere Kacheln.</translation>
    </message>
    <message>
      <source>You have no model of your own called “{v1}”; those that ship cannot be removed.</source>
      <translation>Sie haben kein eigenes Modell namens „{v1}“; mitgelieferte lassen sich nicht entfernen.</translation>
    </message>
    <message>
      <source>a GPU</source>
      <translation>einer GPU</translation>
    </message>
    <message>
      <source>a general profile, as it has none that fits</source>
      <translation>einem allgemeinen Profil, da es kein passendes hat</translation>
    </message>
    <message>
      <source>could not be read</source>
      <translation>konnten nicht gelesen werden</translation>
    </message>
    <message>
      <source>does not name two domains, from and to</source>
      <translation>nennt nicht zwei Domänen, von und nach</translation>
    </message>
    <message>
      <source>is missing</source>
      <translation>fehlt</translation>
    </message>
    <message>
      <source>is not JSON</source>
      <translation>ist kein JSON</translation>
    </message>
    <message>
      <source>is not a JSON {v1}</source>
      <translation>ist nicht von der JSON-Art „{v1}“</translation>
    </message>
    <message>
      <source>is {v1}, which is not between {v2} and {v3}</source>
      <translation>ist {v1}, was nicht zwischen {v2} und {v3} liegt</translation>
    </message>
    <message>
      <source>is “{v1}”, not a whole number</source>
      <translation>ist „{v1}“ und keine ganze Zahl</translation>
    </message>
    <message>
      <source>is “{v1}”, not one of {v2}</source>
      <translation>ist „{v1}“ und keines von {v2}</translation>
    </message>
    <message>
      <source>it is a camera raw file; develop it and export a TIFF or JPEG.</source>
      <translation>Sie ist eine Rohdatei einer Kamera; entwickeln Sie sie, und exportieren Sie ein TIFF oder JPEG.</translation>
    </message>
    <message>
      <source>its own profile</source>
      <translation>seinem eigenen Profil</translation>
    </message>
    <message>
      <source>its pixels are {v1} numbers, which Duskroom does not read; save it as 16 bit.</source>
      <translation>Ihre Pixel sind Zahlen der Art {v1}, die Duskroom nicht liest; speichern Sie sie mit 16 Bit.</translation>
    </message>
    <message>
      <source>this processor</source>
      <translation>diesem Prozessor</translation>
    </message>
    <message>
      <source>were damaged</source>
      <translation>waren beschädigt</translation>
    </message>
    <message>
      <source>were written by a newer Duskroom</source>
      <translation>wurden von einem neueren Duskroom geschrieben</translation>
    </message>
    <message>
      <source>{v1} holds 8 bits, so the picture's 16 were rounded; PNG and TIFF hold 16.</source>
      <translation>{v1} fasst 8 Bit, daher wurden die 16 des Bildes gerundet; PNG und TIFF fassen 16.</translation>
    </message>
    <message>
      <source>{v1} holds no transparency, so the picture was laid on white.</source>
      <translation>{v1} kennt keine Transparenz, daher wurde das Bild auf Weiß gelegt.</translation>
    </message>
    <message>
      <source>{v1} needs the whole picture in memory, and it does not fit; write a TIFF, PNG or JPEG instead.</source>
      <translation>{v1} braucht das ganze Bild im Speicher, und es passt nicht hinein; schreiben Sie stattdessen ein TIFF, PNG oder JPEG.</translation>
    </message>
    <message>
      <source>{v1}×{v2} pixels are fewer than the picture's {v3}×{v4}; resize it instead.</source>
      <translation>{v1}×{v2} Pixel sind weniger als die {v3}×{v4} des Bildes; ändern Sie stattdessen seine Größe.</translation>
    </message>
    <message>
      <source>{v1}×{v2} pixels are more than this model makes of {v3}×{v4}; choose at most {v5}×{v6}.</source>
      <translation>{v1}×{v2} Pixel sind mehr, als dieses Modell aus {v3}×{v4} macht; wählen Sie höchstens {v5}×{v6}.</translation>
    </message>
    <message>
      <source>×{v1} enlarges nothing; choose a whole number from 2 up.</source>
      <translation>×{v1} vergrößert nichts; wählen Sie eine ganze Zahl ab 2.</translation>
    </message>
    <message>
      <source>×{v1} is made by “{v2}” at ×{v3}, reduced to {v4}.</source>
      <translation>×{v1} entsteht aus „{v2}“ mit ×{v3}, verkleinert auf {v4}.</translation>
    </message>
    <message>
      <source>“card.controls” holds “{v1}”, which is not a JSON object with a “kind”</source>
      <translation>„card.controls“ enthält „{v1}“, das kein JSON-Objekt mit „kind“ ist</translation>
    </message>
    <message>
      <source>“card.float_model” is “{v1}”, which is not the name of a model in the same folder</source>
      <translation>„card.float_model“ ist „{v1}“, was nicht der Name eines Modells im selben Ordner ist</translation>
    </message>
    <message>
      <source>“card.memory” is {v1}, which is not between 1 and 1000000</source>
      <translation>„card.memory“ ist {v1}, was nicht zwischen 1 und 1000000 liegt</translation>
    </message>
    <message>
      <source>“card.outputs” is “{v1}”, which this Duskroom does not know for {v2}; update Duskroom</source>
      <translation>„card.outputs“ ist „{v1}“, was dieses Duskroom für {v2} nicht kennt; aktualisieren Sie Duskroom</translation>
    </message>
    <message>
      <source>“card.overlap” is {v1}, which is not 0 or more</source>
      <translation>„card.overlap“ ist {v1}, was nicht 0 oder mehr ist</translation>
    </message>
    <message>
      <source>“card.precision” is “{v1}”, not one of {v2}</source>
      <translation>„card.precision“ ist „{v1}“ und keines von {v2}</translation>
    </message>
    <message>
      <source>“card.size” holds {v1}, which is not between 1 and 4096</source>
      <translation>„card.size“ enthält {v1}, was nicht zwischen 1 und 4096 liegt</translation>
    </message>
    <message>
      <source>“{v1}” cannot be deleted ({v2}); check its permissions.</source>
      <translation>„{v1}“ kann nicht gelöscht werden ({v2}); prüfen Sie die Zugriffsrechte.</translation>
    </message>
    <message>
      <source>“{v1}” cannot be opened as a model ({v2}); copy or export it again.</source>
      <translation>„{v1}“ lässt sich nicht als Modell öffnen ({v2}); kopieren oder exportieren Sie die Datei neu.</translation>
    </message>
    <message>
      <source>“{v1}” cannot be read ({v2}); check the disk it is on.</source>
      <translation>„{v1}“ kann nicht gelesen werden ({v2}); prüfen Sie die Festplatte mit der Datei.</translation>
    </message>
    <message>
      <source>“{v1}” cannot be read: {v2}</source>
      <translation>„{v1}“ kann nicht gelesen werden: {v2}</translation>
    </message>
    <message>
      <source>“{v1}” cannot be trained on without {v2}; import it again with that beside it.</source>
      <translation>„{v1}“ kann ohne {v2} nicht weiter trainiert werden; fügen Sie es noch einmal hinzu, mit dem Fehlenden daneben.</translation>
    </message>
    <message>
      <source>“{v1}” cannot be used; export it again.</source>
      <translation>„{v1}“ lässt sich nicht verwenden; exportieren Sie das Modell neu.</translation>
    </message>
    <message>
      <source>“{v1}” cannot be written because its folder is read-only; choose another folder.</source>
      <translation>„{v1}“ kann nicht geschrieben werden, da der Ordner schreibgeschützt ist; wählen Sie einen anderen.</translation>
    </message>
    <message>
      <source>“{v1}” changed while it was read; open it again.</source>
      <translation>„{v1}“ wurde während des Lesens geändert; öffnen Sie die Datei noch einmal.</translation>
    </message>
    <message>
      <source>“{v1}” could not be encoded ({v2}); try another format.</source>
      <translation>„{v1}“ konnte nicht kodiert werden ({v2}); versuchen Sie ein anderes Format.</translation>
    </message>
    <message>
      <source>“{v1}” could not be written ({v2}); choose another place for the result.</source>
      <translation>„{v1}“ konnte nicht geschrieben werden ({v2}); wählen Sie einen anderen Ort für das Ergebnis.</translation>
    </message>
    <message>
      <source>“{v1}” does not fit in memory; close other programs and try again.</source>
      <translation>„{v1}“ passt nicht in den Speicher; schließen Sie andere Programme, und versuchen Sie es noch einmal.</translation>
    </message>
    <message>
      <source>“{v1}” does not take “{v2}” as float32 and give {v3}; export it again.</source>
      <translation>„{v1}“ nimmt nicht „{v2}“ als float32 an und gibt {v3} zurück; exportieren Sie das Modell neu.</translation>
    </message>
    <message>
      <source>“{v1}” ends in {v2}, which names no format Duskroom writes; use one of {v3}.</source>
      <translation>„{v1}“ endet auf {v2}, was kein Format bezeichnet, das Duskroom schreibt; nehmen Sie eines von {v3}.</translation>
    </message>
    <message>
      <source>“{v1}” enlarges {v2} times, not {v3}; leave out the scale or choose another.</source>
      <translation>„{v1}“ vergrößert auf das {v2}-Fache, nicht auf das {v3}-Fache; lassen Sie den Maßstab weg, oder wählen Sie einen anderen.</translation>
    </message>
    <message>
      <source>“{v1}” grew larger than this disk allows a file to be; choose another disk or format.</source>
      <translation>„{v1}“ wurde größer, als diese Festplatte es einer Datei erlaubt; wählen Sie eine andere Festplatte oder ein anderes Format.</translation>
    </message>
    <message>
      <source>“{v1}” has a card of version {v2}, newer than this Duskroom knows; update Duskroom.</source>
      <translation>„{v1}“ hat eine Modellkarte der Version {v2}, neuer als dieses Duskroom sie kennt; aktualisieren Sie Duskroom.</translation>
    </message>
    <message>
      <source>“{v1}” has no card, so Duskroom cannot know what it does; export it again with Duskroom.</source>
      <translation>„{v1}“ hat keine Modellkarte, daher kann Duskroom nicht wissen, was das Modell tut; exportieren Sie es mit Duskroom neu.</translation>
    </message>
    <message>
      <source>“{v1}” has no ending that names a format; add one of {v2}.</source>
      <translation>„{v1}“ hat keine Endung, die ein Format bezeichnet; fügen Sie eine von {v2} hinzu.</translation>
    </message>
    <message>
      <source>“{v1}” is a file, not a folder; choose another place for the result.</source>
      <translation>„{v1}“ ist eine Datei und kein Ordner; wählen Sie einen anderen Ort für das Ergebnis.</translation>
    </message>
    <message>
      <source>“{v1}” is a folder, not a model; name the .onnx file in it.</source>
      <translation>„{v1}“ ist ein Ordner und kein Modell; nennen Sie die .onnx-Datei darin.</translation>
    </message>
    <message>
      <source>“{v1}” is a folder; choose a file name inside it.</source>
      <translation>„{v1}“ ist ein Ordner; wählen Sie einen Dateinamen darin.</translation>
    </message>
    <message>
      <source>“{v1}” is a folder; choose a picture inside it.</source>
      <translation>„{v1}“ ist ein Ordner; wählen Sie ein Bild darin.</translation>
    </message>
    <message>
      <source>“{v1}” is a link that leads in a circle; choose another name.</source>
      <translation>„{v1}“ ist eine Verknüpfung, die im Kreis führt; wählen Sie einen anderen Namen.</translation>
    </message>
    <message>
      <source>“{v1}” is a model for {v2}, not super-resolution; choose another.</source>
      <translation>„{v1}“ ist ein Modell für {v2}, nicht für super-resolution; wählen Sie ein anderes.</translation>
    </message>
    <message>
      <source>“{v1}” is a model for {v2}, not {v3}; choose another.</source>
      <translation>„{v1}“ ist ein Modell für {v2}, nicht für {v3}; wählen Sie ein anderes.</translation>
    </message>
    <message>
      <source>“{v1}” is a torch checkpoint, which can carry code, so it is not opened; export it to ONNX first.</source>
      <translation>„{v1}“ ist ein Checkpoint von torch, der Code enthalten kann, und wird daher nicht geöffnet; exportieren Sie ihn zuerst nach ONNX.</translation>
    </message>
    <message>
      <source>“{v1}” is an HEIC photo, which Duskroom does not read; export it as JPEG.</source>
      <translation>„{v1}“ ist ein HEIC-Foto, das Duskroom nicht liest; exportieren Sie es als JPEG.</translation>
    </message>
    <message>
      <source>“{v1}” is cut short or not an ONNX file; copy or export it again.</source>
      <translation>„{v1}“ ist abgeschnitten oder keine ONNX-Datei; kopieren oder exportieren Sie die Datei neu.</translation>
    </message>
    <message>
      <source>“{v1}” is damaged or incomplete; get a whole copy of it.</source>
      <translation>„{v1}“ ist beschädigt oder unvollständig; besorgen Sie sich eine vollständige Kopie.</translation>
    </message>
    <message>
      <source>“{v1}” is empty; get a whole copy of it.</source>
      <translation>„{v1}“ ist leer; besorgen Sie sich eine vollständige Kopie.</translation>
    </message>
    <message>
      <source>“{v1}” is not a picture Duskroom can read; it reads {v2}.</source>
      <translation>„{v1}“ ist kein Bild, das Duskroom lesen kann; es liest {v2}.</translation>
    </message>
    <message>
      <source>“{v1}” is not an ordinary file; choose a picture.</source>
      <translation>„{v1}“ ist keine gewöhnliche Datei; wählen Sie ein Bild.</translation>
    </message>
    <message>
      <source>“{v1}” is not an ordinary file; choose another name.</source>
      <translation>„{v1}“ ist keine gewöhnliche Datei; wählen Sie einen anderen Namen.</translation>
    </message>
    <message>
      <source>“{v1}” is the picture itself and would be overwritten; choose another name.</source>
      <translation>„{v1}“ ist das Bild selbst und würde überschrieben; wählen Sie einen anderen Namen.</translation>
    </message>
    <message>
      <source>“{v1}” is write-protected; unprotect it, or choose another.</source>
      <translation>„{v1}“ ist schreibgeschützt; heben Sie den Schutz auf, oder wählen Sie eine andere Datei.</translation>
    </message>
    <message>
      <source>“{v1}” keeps weights in other files, which Duskroom does not open; save the model as one file.</source>
      <translation>„{v1}“ hat Gewichte in anderen Dateien, die Duskroom nicht öffnet; speichern Sie das Modell als eine Datei.</translation>
    </message>
    <message>
      <source>“{v1}” may not be read; change its permissions or copy it elsewhere.</source>
      <translation>„{v1}“ darf nicht gelesen werden; ändern Sie die Zugriffsrechte, oder kopieren Sie die Datei woandershin.</translation>
    </message>
    <message>
      <source>“{v1}” must see a whole picture at once, and this one is too large for that; use a smaller picture.</source>
      <translation>„{v1}“ muss ein ganzes Bild auf einmal sehen, und dieses ist dafür zu groß; nehmen Sie ein kleineres Bild.</translation>
    </message>
    <message>
      <source>“{v1}” returned a black picture; use another model.</source>
      <translation>„{v1}“ gab ein schwarzes Bild zurück; nehmen Sie ein anderes Modell.</translation>
    </message>
    <message>
      <source>“{v1}” returned {v2} where its card promises {v3}; use another model.</source>
      <translation>„{v1}“ gab {v2} zurück, wo die Modellkarte {v3} verspricht; nehmen Sie ein anderes Modell.</translation>
    </message>
    <message>
      <source>“{v1}” says it is {v2} × {v3} pixels, more than the {v4} megapixels allowed; if you trust the file, allow it with --max-pixels {v5}.</source>
      <translation>„{v1}“ gibt {v2} × {v3} Pixel an, mehr als die erlaubten {v4} Megapixel; wenn Sie der Datei trauen, erlauben Sie es auf der Befehlszeile mit --max-pixels {v5}.</translation>
    </message>
    <message>
      <source>“{v1}” translates {v2} to {v3}, not to {v4}; leave out the domain or choose another model.</source>
      <translation>„{v1}“ übersetzt {v2} nach {v3}, nicht nach {v4}; lassen Sie die Domäne weg, oder wählen Sie ein anderes Modell.</translation>
    </message>
  </context>
  <context>
    <name>errors</name>
    <message>
      <source>Something unexpected went wrong. Your photo is still open; the details are in {log}.</source>
      <translation>Etwas Unerwartetes ist schiefgegangen. Ihr Foto ist noch offen; die Einzelheiten stehen in {log}.</translation>
    </message>
    <message>
      <source>There is not enough memory for this. Close other programs or choose a smaller scale.</source>
      <translation>Dafür reicht der Speicher nicht. Schließen Sie andere Programme oder wählen Sie einen kleineren Faktor.</translation>
    </message>
    <message>
      <source>{name}: {reason}. Check that it exists and that you may use it.</source>
      <translation>{name}: {reason}. Prüfen Sie, ob es vorhanden ist und ob Sie es verwenden dürfen.</translation>
    </message>
  </context>
  <context>
    <name>help</name>
    <message>
      <source>Add a model file of your own; it is copied into your library.</source>
      <translation>Eine eigene Modelldatei hinzufügen; sie wird in Ihre Bibliothek kopiert.</translation>
    </message>
    <message>
      <source>Choose a model in the panel on the right and press Upscale. Drag the divider on the picture to compare before and after; Undo brings the original back.</source>
      <translation>Wählen Sie rechts im Bedienfeld ein Modell und drücken Sie Hochskalieren. Ziehen Sie den Teiler auf dem Bild, um vorher und nachher zu vergleichen; Rückgängig bringt das Original zurück.</translation>
    </message>
    <message>
      <source>Choose a photo from your folders.</source>
      <translation>Ein Foto aus Ihren Ordnern wählen.</translation>
    </message>
    <message>
      <source>Crop by dragging the frame, straighten by the angle or by a line along the horizon, turn, flip and resize.</source>
      <translation>Zuschneiden durch Ziehen des Rahmens, gerade richten über den Winkel oder eine Linie am Horizont, drehen, spiegeln und Größe ändern.</translation>
    </message>
    <message>
      <source>Drop a photo on the window, paste one, or choose File › Open. JPEG, PNG, TIFF, WebP, AVIF, BMP and GIF are read, with 8 or 16 bits, and shown in their own colours.</source>
      <translation>Ziehen Sie ein Foto in das Fenster, fügen Sie eines ein, oder wählen Sie Datei › Öffnen. JPEG, PNG, TIFF, WebP, AVIF, BMP und GIF werden gelesen, mit 8 oder 16 Bit, und in ihren eigenen Farben gezeigt.</translation>
    </message>
    <message>
      <source>Every step since the photo was opened; choose one to go back or forward to it.</source>
      <translation>Jeder Schritt, seit das Foto geöffnet wurde; wählen Sie einen, um dorthin zurück oder vor zu gehen.</translation>
    </message>
    <message>
      <source>Exposure, contrast, white balance and saturation: seen at once, done when you press Apply.</source>
      <translation>Belichtung, Kontrast, Weißabgleich und Sättigung: sofort zu sehen, ausgeführt mit „Anwenden“.</translation>
    </message>
    <message>
      <source>Hold to see the photo as it was before.</source>
      <translation>Gedrückt halten, um das Foto von vorher zu sehen.</translation>
    </message>
    <message>
      <source>Keyboard</source>
      <translation>Tastatur</translation>
    </message>
    <message>
      <source>Keys</source>
      <translation>Tasten</translation>
    </message>
    <message>
      <source>Makes a photo larger with a network that has learned what detail looks like.</source>
      <translation>Macht ein Foto größer, mit einem Netz, das gelernt hat, wie Einzelheiten aussehen.</translation>
    </message>
    <message>
      <source>News about what was done. Details can be copied for a report of a fault.</source>
      <translation>Nachrichten über das, was getan wurde. Einzelheiten lassen sich für eine Fehlermeldung kopieren.</translation>
    </message>
    <message>
      <source>Open</source>
      <translation>Öffnen</translation>
    </message>
    <message>
      <source>Open a photo of yours, or try one of the samples; nothing you do changes them.</source>
      <translation>Öffnen Sie ein eigenes Foto, oder probieren Sie eines der Beispiele; nichts verändert sie.</translation>
    </message>
    <message>
      <source>Pixels of the screen for each pixel of the photo.</source>
      <translation>Pixel des Bildschirms für jedes Pixel des Fotos.</translation>
    </message>
    <message>
      <source>Place and colour of the pixel under the pointer, as the file holds them.</source>
      <translation>Stelle und Farbe des Pixels unter dem Zeiger, wie die Datei sie enthält.</translation>
    </message>
    <message>
      <source>Save</source>
      <translation>Speichern</translation>
    </message>
    <message>
      <source>Save As shows how large the file will be and what it keeps: pixels, depth, transparency, profile and metadata. The photo you opened is never replaced unless you say so.</source>
      <translation>Speichern unter zeigt, wie groß die Datei wird und was sie behält: Pixel, Farbtiefe, Transparenz, Profil und Metadaten. Das geöffnete Foto wird nie ersetzt, wenn Sie es nicht sagen.</translation>
    </message>
    <message>
      <source>Size of the photo in pixels, and bits of each colour.</source>
      <translation>Größe des Fotos in Pixeln und Bit je Farbe.</translation>
    </message>
    <message>
      <source>Tab moves between controls, the arrow keys move the picture, and with Shift the divider. F1 explains the control that has the keyboard; Shift+F1 explains what you click.</source>
      <translation>Tab wechselt zwischen Bedienelementen, die Pfeiltasten verschieben das Bild, mit Umschalt den Teiler. F1 erklärt das Bedienelement, das die Tastatur hat; Umschalt+F1 erklärt, was Sie anklicken.</translation>
    </message>
    <message>
      <source>The model that upscales; below it stands what it is good for.</source>
      <translation>Das Modell, das hochskaliert; darunter steht, wofür es gut ist.</translation>
    </message>
    <message>
      <source>The photos that are open; a dot marks what is not saved. Middle click closes one.</source>
      <translation>Die offenen Fotos; ein Punkt markiert, was nicht gespeichert ist. Ein Klick mit der mittleren Taste schließt eines.</translation>
    </message>
    <message>
      <source>The picture. Turn the wheel to zoom, drag to move, double-click for 100 % and back to the whole.</source>
      <translation>Das Bild. Das Rad zoomt, Ziehen verschiebt, ein Doppelklick zeigt 100 % und wieder das Ganze.</translation>
    </message>
    <message>
      <source>The tools: upscale, adjust, crop and mask; arrow keys choose another.</source>
      <translation>Die Werkzeuge: hochskalieren, anpassen, zuschneiden und Maske; Pfeiltasten wählen ein anderes.</translation>
    </message>
    <message>
      <source>Upscale</source>
      <translation>Hochskalieren</translation>
    </message>
    <message>
      <source>Upscale the whole photo; you can go on looking at it meanwhile, and undo it.</source>
      <translation>Das ganze Foto hochskalieren; Sie können es unterdessen weiter ansehen, und es lässt sich zurücknehmen.</translation>
    </message>
    <message>
      <source>What is running now, how far it is, and a button to stop it.</source>
      <translation>Was gerade läuft, wie weit es ist, und ein Knopf, um es anzuhalten.</translation>
    </message>
    <message>
      <source>Where tools and models may change the photo: painted by hand, or with a gradient.</source>
      <translation>Wo Werkzeuge und Modelle das Foto ändern dürfen: von Hand gemalt oder mit einem Verlauf.</translation>
    </message>
  </context>
  <context>
    <name>history</name>
    <message>
      <source>History</source>
      <translation>Verlauf</translation>
    </message>
    <message>
      <source>This state of the history cannot be read any more; go to another one.</source>
      <translation>Dieser Stand des Verlaufs lässt sich nicht mehr lesen; gehen Sie zu einem anderen.</translation>
    </message>
    <message>
      <source>What a newer Duskroom left in {folder} can only be recovered by it; start that one to have it back.</source>
      <translation>Was ein neueres Duskroom in {folder} hinterließ, kann nur dieses wiederherstellen; starten Sie es, um es zurückzuhaben.</translation>
    </message>
    <message>
      <source>What was kept of an earlier start is damaged and cannot be recovered; it stays in {folder}.</source>
      <translation>Was von einem früheren Start festgehalten wurde, ist beschädigt und lässt sich nicht wiederherstellen; es bleibt in {folder}.</translation>
    </message>
    <message>
      <source>a photo</source>
      <translation>ein Foto</translation>
    </message>
    <message>
      <source>another Duskroom is busy there</source>
      <translation>ein anderes Duskroom arbeitet gerade dort</translation>
    </message>
    <message>
      <source>“{name}” cannot be locked; restart Duskroom.</source>
      <translation>„{name}“ lässt sich nicht sperren; starten Sie Duskroom neu.</translation>
    </message>
    <message>
      <source>“{name}” cannot be recovered: what was kept of it is damaged or gone.</source>
      <translation>„{name}“ lässt sich nicht wiederherstellen: Was davon festgehalten wurde, ist beschädigt oder fort.</translation>
    </message>
    <message>
      <source>“{name}” was changed or removed after it was opened; open it again to see what it is now.</source>
      <translation>„{name}“ wurde nach dem Öffnen geändert oder entfernt; öffnen Sie die Datei noch einmal, um zu sehen, was sie jetzt ist.</translation>
    </message>
    <message>
      <source>“{name}”, a state of the history, is damaged and is left out.</source>
      <translation>„{name}“, ein Stand des Verlaufs, ist beschädigt und wird weggelassen.</translation>
    </message>
    <message>
      <source>“{name}”, a state of the history, is damaged; go to another state.</source>
      <translation>„{name}“, ein Stand des Verlaufs, ist beschädigt; gehen Sie zu einem anderen Stand.</translation>
    </message>
    <message>
      <source>“{name}”, a state of the history, is gone; go to another state.</source>
      <translation>„{name}“, ein Stand des Verlaufs, ist fort; gehen Sie zu einem anderen Stand.</translation>
    </message>
  </context>
  <context>
    <name>layout</name>
    <message>
      <source>Upscale</source>
      <translation>Skalieren</translation>
    </message>
  </context>
  <context>
    <name>models</name>
    <message>
      <source>About {ratio:.1f} times as fast, with differences that can hardly be seen.</source>
      <translation>Etwa {ratio:.1f}-mal so schnell, mit kaum sichtbaren Unterschieden.</translation>
    </message>
    <message>
      <source>Faster, with differences that can hardly be seen.</source>
      <translation>Schneller, mit kaum sichtbaren Unterschieden.</translation>
    </message>
    <message>
      <source>This processor has no fast way for it, so the exact model does the work.</source>
      <translation>Dieser Prozessor hat keinen schnellen Weg dafür; das genaue Modell macht die Arbeit.</translation>
    </message>
    <message>
      <source>this part {time:.2f} s, the whole about {whole}</source>
      <translation>Ausschnitt {time:.2f} s, ganz etwa {whole}</translation>
    </message>
    <message>
      <source>{name} (cannot be used)</source>
      <translation>{name} (nicht verwendbar)</translation>
    </message>
    <message>
      <source>{name}, quicker</source>
      <translation>{name}, schneller</translation>
    </message>
  </context>
  <context>
    <name>photo</name>
    <message>
      <source>alpha</source>
      <translation>Alpha</translation>
    </message>
    <message>
      <source>{depth} bit</source>
      <translation>{depth} Bit</translation>
    </message>
  </context>
  <context>
    <name>progress</name>
    <message>
      <source>adjusting</source>
      <translation>Anpassen</translation>
    </message>
    <message>
      <source>finishing</source>
      <translation>Fertigstellen</translation>
    </message>
    <message>
      <source>pass {v1} of {v2}</source>
      <translation>Durchgang {v1} von {v2}</translation>
    </message>
    <message>
      <source>preparing the view</source>
      <translation>Vorbereiten der Ansicht</translation>
    </message>
    <message>
      <source>reading a state</source>
      <translation>Lesen eines Stands</translation>
    </message>
    <message>
      <source>resizing</source>
      <translation>Ändern der Größe</translation>
    </message>
    <message>
      <source>straightening</source>
      <translation>Geraderichten</translation>
    </message>
    <message>
      <source>the part in sight first</source>
      <translation>zuerst der sichtbare Ausschnitt</translation>
    </message>
    <message>
      <source>tile 1 of {v1}</source>
      <translation>Kachel 1 von {v1}</translation>
    </message>
    <message>
      <source>tile {v1} of {v2}</source>
      <translation>Kachel {v1} von {v2}</translation>
    </message>
  </context>
  <context>
    <name>tools</name>
    <message>
      <source>Adjust</source>
      <translation>Anpassen</translation>
    </message>
    <message>
      <source>Crop</source>
      <translation>Zuschnitt</translation>
    </message>
    <message>
      <source>Mask</source>
      <translation>Maske</translation>
    </message>
    <message>
      <source>Resize</source>
      <translation>Größe ändern</translation>
    </message>
    <message>
      <source>Tools</source>
      <translation>Werkzeuge</translation>
    </message>
  </context>
</TS>

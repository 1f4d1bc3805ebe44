"""The trainers' floor: networks, losses and training loops; torch lives here and only here."""

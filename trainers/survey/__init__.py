"""Folders of pictures looked over before training; torch-free."""

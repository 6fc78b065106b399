"""What runs in a process. ``supervisor`` starts everything on one machine; the others are its children."""

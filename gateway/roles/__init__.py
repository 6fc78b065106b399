"""What runs in a process. ``supervisor`` starts everything on one machine; the rest are its children's main functions."""

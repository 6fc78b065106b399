"""What the bytes of a short message mean: alphabets, user data headers, and cutting long texts into parts."""

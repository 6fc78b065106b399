"""What people send besides text: kept, fetched, heard."""

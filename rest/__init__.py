"""How the API speaks, whatever it speaks of: errors, pages, sparse fields, times and numbers, its description."""

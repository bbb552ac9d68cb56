"""How programs come in: keys, what they may do, how often, and the same answer to a repeated request."""

"""Who may come in: rules that let in or shut out people, addresses and networks, kept at every door."""

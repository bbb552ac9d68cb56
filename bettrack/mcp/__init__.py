"""BetTrack for assistants: the API's operations as tools of the Model Context Protocol."""

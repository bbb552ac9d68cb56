"""What BetTrack can do, measured on data made for it in a database made for it."""

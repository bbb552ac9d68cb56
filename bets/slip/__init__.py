"""The slip: what a person means to bet, kept until it is placed, and the pages that fill and place it.

``contents`` what is in it · ``typed`` what the form says · ``quotes`` what it would pay · ``board`` how its legs stand
to the books' prices now · ``troubles`` legs that do not go together · ``stakes`` how much to stake ·
``placing`` the bets it becomes · ``page`` everything as shown · ``waiting`` prices a visitor clicked.
"""

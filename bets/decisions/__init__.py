"""What people decide about bets: settled by hand, cashed out, priced anew, undone. One write, one function.

Each locks the bet and reads it again, pays by reversal and payout lines under the next revision and keeps
what was before in its event. Voiding and sending back to grading are in ``bets.voiding``.
"""

from __future__ import annotations

from django.core.management.base import BaseCommand, CommandError

from bets.verification import RULES, verify


class Command(BaseCommand):
    help = "Recompute every balance, stake and payout, and name the first wrong line; status 1 on any fault."

    def handle(self, *args: object, **options: object) -> None:
        extent, faults = verify()
        for fault in faults:
            self.stderr.write(f"{fault.rule}: broken {fault.count} times. First: {fault.first}")
        looked_at = f"{extent.lines:,} lines of {extent.bankrolls:,} bankrolls and {extent.bets:,} bets"
        if faults:
            raise CommandError(
                f"The ledger is wrong: {len(faults)} of {len(RULES)} rules broken in {looked_at}."
            )
        self.stdout.write(f"The ledger is right: {looked_at}, {len(RULES)} rules.")

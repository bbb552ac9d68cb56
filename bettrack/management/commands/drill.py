from __future__ import annotations

import time
from argparse import ArgumentParser
from contextlib import closing
from json import dumps
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from bettrack.drill.faults import BY_NAME, FAULTS, SHORT
from bettrack.drill.outside import DrillProcess
from bettrack.drill.soak import report as soak_report
from bettrack.management.commands.up import stopped_by_signals


class Command(BaseCommand):
    help = (
        "Break a scratch instance in every way it must survive (servers and worker killed, Redis gone, a provider that "
        "misbehaves, a wrong clock) and prove after each that nothing is lost or doubled. Touches no data of yours."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--only",
            action="append",
            metavar="NAME",
            choices=sorted(BY_NAME),
            help="only this fault; repeatable",
        )
        parser.add_argument(
            "--short", action="store_true", help="a few faults, in seconds instead of minutes"
        )
        parser.add_argument("--list", action="store_true", help="name the faults and do nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument(
            "--keep", action="store_true", help="leave the scratch folder with its logs behind"
        )
        parser.add_argument(
            "--soak",
            action="store_true",
            help="instead of faults, a steady load while pulls and settlement run",
        )
        parser.add_argument("--minutes", type=float, default=30.0, help="of the soak (default: 30)")
        parser.add_argument(
            "--rate", type=float, default=50.0, help="requests a second of the soak (default: 50)"
        )
        parser.add_argument(
            "--schema", type=Path, metavar="FILE", help="SQL of a migrated, seeded database to begin with"
        )

    def handle(self, *args: Any, only: list[str] | None, short: bool, **options: Any) -> None:
        if options["list"]:
            for fault in FAULTS:
                self.stdout.write(f"{fault.name:20} {fault.title}")
            return
        schema: Path | None = options.pop("schema")
        if schema is not None and not schema.is_file():
            raise CommandError(f"--schema {schema} is not a file.")
        if options["soak"]:
            self.soak(schema, **options)
            return
        chosen = only or (list(SHORT) if short else [fault.name for fault in FAULTS])
        arguments = [f"--fault={name}" for name in chosen]
        arguments += ["--short"] if short else []
        arguments += [f"--schema={schema.resolve()}"] if schema else []
        begun = time.monotonic()
        with stopped_by_signals():
            results, status, last = self.run(arguments, keep=options["keep"])
        passed = status == 0 and len(results) == len(chosen) + 1
        if options["json"]:
            self.stdout.write(dumps({"passed": passed, "faults": results}))
        else:
            self.print_table(results, time.monotonic() - begun)
        if not passed:
            failed = [r["fault"] for r in results if not all(check["passed"] for check in r["checks"])]
            names = ", ".join(failed) or f"the drill ended with status {status} after {len(results)} results"
            raise CommandError(f"The drill failed: {names}.{last if not failed else ''}")

    def soak(
        self, schema: Path | None, *, minutes: float, rate: float, keep: bool, json: bool, **_: Any
    ) -> None:
        """Run the soak and print what it came to."""
        if not (0.1 <= minutes <= 24 * 60 and 1 <= rate <= 500):
            raise CommandError("A soak takes 0.1 to 1440 minutes at 1 to 500 requests a second.")
        arguments = [f"--minutes={minutes}", f"--rate={rate}"]
        arguments += [f"--schema={schema.resolve()}"] if schema else []
        found: dict[str, Any] = {}
        with (
            stopped_by_signals(),
            closing(DrillProcess("bettrack.drill.soak", arguments, pace=1.0, keep=keep)) as process,
        ):
            for said in process.words():
                found = said.get("soak", found)
                if "say" in said:
                    self.stderr.write(str(said["say"]))
            last = process.last_words()
        if not found:
            raise CommandError(f"The soak did not come to its end. Its last words:\n{last}")
        self.stdout.write(dumps(found) if json else "\n".join(soak_report(found)))
        if not found["passed"]:
            raise CommandError("The soak failed.")

    def run(self, arguments: list[str], *, keep: bool) -> tuple[list[dict[str, Any]], int, str]:
        """The results of the faults, and the status the drill ended with."""
        results: list[dict[str, Any]] = []
        with closing(DrillProcess("bettrack.drill.run", arguments, keep=keep)) as drill:
            if keep:
                self.stderr.write(f"Scratch folder: {drill.home}")
            for said in drill.words():
                if "say" in said:
                    self.stderr.write(str(said["say"]))
                elif "fault" in said:
                    results.append(said)
            return results, drill.process.returncode, f" Its last words:\n{drill.last_words()}"

    def print_table(self, results: list[dict[str, Any]], seconds: float) -> None:
        table = Table("fault", "what was checked", "result", title="Drill", show_lines=False)
        for result in results:
            for number, check in enumerate(result["checks"]):
                first = f"{result['title']} ({result['seconds']:.0f} s)" if number == 0 else ""
                verdict = "[green]passed[/]" if check["passed"] else "[bold red]FAILED[/]"
                table.add_row(first, check["name"], f"{verdict}: {check['detail']}")
            table.add_section()
        console = Console()
        with console.capture() as printed:
            console.print(table)
        self.stdout.write(printed.get())
        checks = [check for result in results for check in result["checks"]]
        good = sum(check["passed"] for check in checks)
        self.stdout.write(f"{good} of {len(checks)} checks passed in {seconds:.0f} s")

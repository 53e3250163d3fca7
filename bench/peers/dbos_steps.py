"""Do a thousand steps that do nothing in one workflow of DBOS: dbos_steps.py STORE STEPS."""

import sys

from dbos import DBOS, DBOSConfig

store, steps = sys.argv[1], int(sys.argv[2])
DBOS(
    config=DBOSConfig(
        name="bench",
        system_database_url=f"sqlite:///{store}",
        log_level="ERROR",
        notification_listener_polling_interval_sec=0.05,
    )
)


@DBOS.workflow()
def chain() -> int:
    """Do the steps, one after the other."""
    return sum(DBOS.run_step({"name": f"step{at}"}, lambda: 1) for at in range(steps))


DBOS.launch()
sys.stdout.write(f"{chain()}\n")
DBOS.destroy()

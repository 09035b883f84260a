"""Processes that run a small suite on one database at once, and one that is killed while it does.

python crowd.py PROJECT TARGET FOLDER COUNT          run COUNT processes, each with its scenarios
python crowd.py PROJECT TARGET FOLDER stay           make a schema, say its name, and stay until stdin ends
"""

import os
import sys
from pathlib import Path

from pipeproof.environments.dbt.naming import name_run
from pipeproof.environments.dbt.project import DbtProject
from pipeproof.environments.dbt.scenario import Dbt
from pipeproof.environments.dbt.settings import Settings


def open_project(project_dir: str, target: str, folder: Path) -> DbtProject:
    folder.mkdir(parents=True, exist_ok=True)
    return DbtProject(Settings(Path(project_dir), target, "crowd"), name_run("crowd"), folder, folder)


def run_suite(project: DbtProject) -> None:
    for number in range(3):
        dbt = Dbt(project, lambda kind, data: None)
        try:
            dbt.given("stg_customers", [{"customer_id": number, "name": "Ann"}])
            dbt.given("int_paid_orders", [{"order_id": 1, "customer_id": number, "amount": number}])
            dbt.run("customer_revenue")
            dbt.expect("customer_revenue", [{"customer_id": number, "revenue": number}])
        finally:
            dbt.close()
    project.close()


def main(project_dir: str, target: str, folder: str, how: str) -> None:
    if how == "stay":
        project = open_project(project_dir, target, Path(folder))
        dbt = Dbt(project, lambda kind, data: None)
        dbt.given("customers", [{"id": 1, "name": "Ann"}])
        dbt.run("stg_customers")
        print(dbt.schema, flush=True)
        sys.stdin.read()
        dbt.close()
        project.close()
        return
    import dbt.cli.main

    children = []
    for number in range(int(how)):
        child = os.fork()
        if not child:
            run_suite(open_project(project_dir, target, Path(folder) / str(number)))
            os._exit(0)
        children.append(child)
    sys.exit(any(os.waitpid(child, 0)[1] for child in children))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Plant errors in the code, a random sample of them, and print those that no test catches.

mutmut makes mutants: copies of the code with one error each. All would take most of a day, so a
seed chooses some. [tool.mutmut] in pyproject.toml names the files and the tests.
"""

import argparse
import collections
import os
import random
import re
import subprocess
import sys

from mutmut import __main__ as mutmut

# Functions that run at import, and checks of the machine that tests run in separate programs.
UNSEEN = re.compile(
    r"\.x_(_tutorial|_per_file|restore_names|accept_scalars|restore_tostring|check_platform|"
    r"_check_environment)__mutmut"
)


def generate():
    """Write the mutants into the folder mutants/, as ``mutmut run`` does at its start."""
    mutmut.set_mutant_under_test("mutant_generation")
    os.makedirs("mutants", exist_ok=True)
    mutmut.copy_src_dir()
    mutmut.copy_also_copy_files()
    mutmut.create_mutants(os.cpu_count())


def results():
    """Return by the name of each mutant what became of it, such as "survived"."""
    mutants, _ = mutmut.collect_source_file_mutation_data(mutant_names=[])
    return {name: mutmut.status_by_exit_code[code] for _, name, code in mutants}


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--sample", type=int, default=150, help="how many to test (default 150)")
parser.add_argument("--seed", type=int, default=1, help="which ones (default 1)")
args = parser.parse_args()
generate()
names = sorted(results())
# No test sees an error there.
names = [name for name in names if not UNSEEN.search(name)]
chosen = random.Random(args.seed).sample(names, min(args.sample, len(names)))
subprocess.run([sys.executable, "-m", "mutmut", "run", *chosen], check=True)
became = {name: status for name, status in results().items() if name in chosen}
for name in sorted(name for name in chosen if became[name] == "survived"):
    subprocess.run([sys.executable, "-m", "mutmut", "show", name], check=True)
print(f"{len(names)} mutants, {len(chosen)} tested:", dict(collections.Counter(became.values())))

#!/usr/bin/env python3
"""A team's own script, as it was before any release control: plans and applies one region with terraform."""

import argparse
import subprocess
import sys


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--region", required=True)
    parser.add_argument("--env", choices=["dev", "staging", "prod"], required=True)
    asked = parser.parse_args()
    variables = [f"-var=region={asked.region}", f"-var=env={asked.env}"]
    for step in (["init", "-input=false"], ["apply", "-input=false", "-auto-approve", *variables]):
        done = subprocess.run(["terraform", *step], check=False)
        if done.returncode:
            print(f"terraform {step[0]} failed", file=sys.stderr)
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())

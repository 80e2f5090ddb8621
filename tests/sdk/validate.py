"""validate.py SCHEMA FILE... [--wrong FILE...] - machine files against a JSON Schema, as the language server of an editor
holds them against it; what comes after --wrong must not pass."""
import json
import sys

import jsonschema
import yaml

schema = json.load(open(sys.argv[1]))
kind = jsonschema.validators.validator_for(schema)
kind.check_schema(schema)
validator = kind(schema)
bad = False
wrong = False
for name in sys.argv[2:]:
    if name == "--wrong":
        wrong = True
        continue
    errors = list(validator.iter_errors(yaml.safe_load(open(name))))
    if bool(errors) != wrong:
        bad = True
        print(f"{name}: passes, and should not" if wrong else f"{name}: {errors[0].json_path}: {errors[0].message}")
        for inner in (errors[0].context or []) if errors else []:
            print("   ", inner.message[:200])
    else:
        print(f"{name}: {'refused' if wrong else 'good'}")
sys.exit(bad)

"""Checks reports with validators that others wrote. Usage: validate.py FOLDER SAMPLE…

FOLDER holds SAMPLE.oscal.json, SAMPLE.cyclonedx.json, SAMPLE.junit.xml, SAMPLE.openlineage.json and SAMPLE.json, the run
that all of them render.
"""

import json
import sys
from pathlib import Path

import junitparser
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from openlineage.client.event_v2 import InputDataset, Job, JobEvent, OutputDataset
from openlineage.client.facet_v2 import column_lineage_dataset as lineage
from trestle.oscal import OSCAL_VERSION
from trestle.oscal.assessment_results import Model


def oscal(path: Path, run: dict) -> None:
    document = json.loads(path.read_text())
    results = Model.model_validate(document).assessment_results
    version = document["assessment-results"]["metadata"]["oscal-version"]
    assert version == OSCAL_VERSION, f"written for OSCAL {version}, checked by {OSCAL_VERSION}"
    assert len(results.results[0].risks or []) == len(run["findings"])


def cyclonedx(path: Path, run: dict) -> None:
    wrong = JsonStrictValidator(SchemaVersion.V1_6).validate_str(path.read_text())
    assert wrong is None, wrong
    listed = [asset for asset in run["assets"] if asset["kind"] in ("Dataset", "Table", "FeatureView", "Model")]
    assert len(json.loads(path.read_text()).get("components", [])) == len(listed)


def junit(path: Path, run: dict) -> None:
    suites = junitparser.JUnitXml.fromfile(str(path))
    said = (suites.tests, suites.failures, suites.skipped)
    suites.update_statistics()
    assert said == (suites.tests, suites.failures, suites.skipped), f"the counts say {said}"
    excused = lambda one: one.get("waiver") or one.get("baseline_state") == "known"
    failing = [one for one in run["findings"] if one["verdict"] == "fail" and not excused(one)]
    assert suites.failures == len(failing)


def field(value: dict) -> lineage.InputField:
    steps = [lineage.Transformation(**step) for step in value["transformations"]]
    return lineage.InputField(**{**value, "transformations": steps})


def openlineage(path: Path, _: dict) -> None:
    for event in json.loads(path.read_text()):
        outputs = []
        for output in event["outputs"]:
            facet = output["facets"]["columnLineage"]
            fields = {
                name: lineage.Fields(inputFields=[field(one) for one in value["inputFields"]])
                for name, value in facet["fields"].items()
            }
            whole = [field(one) for one in facet.get("dataset", [])]
            made = lineage.ColumnLineageDatasetFacet(fields=fields, dataset=whole, producer=facet["_producer"])
            steps = [step for one in whole for step in one.transformations]
            steps += [step for of in fields.values() for one in of.inputFields for step in one.transformations]
            known = {"DIRECT": {"IDENTITY", "TRANSFORMATION", "AGGREGATION"}, "INDIRECT": INDIRECT}
            assert all(step.subtype in known[step.type] for step in steps)
            assert facet["_schemaURL"] == made._get_schema(), facet["_schemaURL"]
            outputs.append(OutputDataset(output["namespace"], output["name"], facets={"columnLineage": made}))
        made = JobEvent(
            eventTime=event["eventTime"],
            producer=event["producer"],
            job=Job(**event["job"]),
            inputs=[InputDataset(**one) for one in event["inputs"]],
            outputs=outputs,
        )
        assert event["schemaURL"] == made.schemaURL, (event["schemaURL"], made.schemaURL)
        assert set(event) == {"eventTime", "producer", "schemaURL", "job", "inputs", "outputs"}


# Subtypes of indirect transformations (ColumnLineageDatasetFacet 1.2.0).
INDIRECT = {"JOIN", "GROUP_BY", "FILTER", "SORT", "WINDOW", "CONDITIONAL"}

CHECKS = {"oscal.json": oscal, "cyclonedx.json": cyclonedx, "junit.xml": junit, "openlineage.json": openlineage}


def main() -> int:
    folder, samples, wrong = Path(sys.argv[1]), sys.argv[2:], 0
    for sample in samples:
        run = json.loads((folder / f"{sample}.json").read_text())
        for ending, check in CHECKS.items():
            path = folder / f"{sample}.{ending}"
            try:
                check(path, run)
                print(f"{path.name}: holds")
            except Exception as error:  # each format is told, not only the first
                wrong += 1
                print(f"{path.name}: {type(error).__name__}: {error}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

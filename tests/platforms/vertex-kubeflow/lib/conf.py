from pathlib import Path

import yaml

CONF = yaml.safe_load(Path("conf/prod.yaml").read_text())
PROJECT = CONF["project"]
BUCKET = f"gs://{CONF['bucket']}"


def table(layer, name):
    return "{}.{}".format(CONF["datasets"][layer], name)

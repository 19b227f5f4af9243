import logging

import pandas as pd

logger = logging.getLogger(__name__)
cases = pd.read_gbq("SELECT case_id, customer_name FROM `bank-fraud.mart.cases`")
for _, case in cases.iterrows():
    if case["case_id"] is None:
        raise ValueError(f"a case of {case['customer_name']} has no number")
    logger.debug("case %s", case["case_id"])

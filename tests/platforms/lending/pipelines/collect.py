"""The collection model: registered in a step of its own, behind a condition on its report."""
from sagemaker.workflow.condition_step import ConditionStep
from sagemaker.workflow.conditions import ConditionGreaterThanOrEqualTo
from sagemaker.workflow.functions import JsonGet
from sagemaker.workflow.pipeline import Pipeline
from sagemaker.workflow.properties import PropertyFile
from sagemaker.workflow.step_collections import RegisterModel

report = PropertyFile(name="Report", output_name="metrics", path="evaluation.json")
register = RegisterModel(name="Register", model_package_group_name="collect", approval_status="Approved")
good = ConditionGreaterThanOrEqualTo(
    left=JsonGet(step_name="Evaluate", property_file=report, json_path="binary_classification_metrics.recall.value"), right=0.6
)
condition = ConditionStep(name="GoodEnough", conditions=[good], if_steps=[register], else_steps=[])
pipeline = Pipeline(name="collect", steps=[condition])

from datetime import timedelta

from feast import FeatureView, Field
from feast.types import Float32, String

from features.entities import user
from features.sources import profile, weekly

weekly_spend = FeatureView(
    name="weekly_spend_view",
    entities=[user],
    ttl=timedelta(days=90),
    schema=[Field(name="spend", dtype=Float32)],
    source=weekly,
    owner="ml@shop.example",
)

user_profile = FeatureView(
    name="user_profile_view",
    entities=[user],
    ttl=timedelta(days=365),
    schema=[Field(name="country", dtype=String), Field(name="birth_year", dtype=String)],
    source=profile,
)

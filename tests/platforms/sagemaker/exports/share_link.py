import boto3

s3 = boto3.client("s3")
s3.upload_file("exports/summary.xlsx", "hospital-exports", "summary.xlsx")
url = s3.generate_presigned_url("get_object", Params={"Bucket": "hospital-exports", "Key": "summary.xlsx"}, ExpiresIn=86400)
print(url)

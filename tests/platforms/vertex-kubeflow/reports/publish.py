from google.cloud import storage

bucket = storage.Client().bucket("bank-fraud-reports")
blob = bucket.blob("weekly.html")
blob.upload_from_filename("reports/weekly.html")
blob.make_public()

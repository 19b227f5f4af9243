resource "aws_sfn_state_machine" "overdrafts" {
  name     = "overdrafts"
  role_arn = "arn:aws:iam::111122223333:role/machines"
  definition = jsonencode({
    StartAt = "Train"
    States = {
      Train = {
        Type     = "Task"
        Resource = "arn:aws:states:::sagemaker:createTrainingJob.sync"
        Parameters = { "TrainingJobName.$" = "$.name", EnableNetworkIsolation = true }
        Next     = "Good"
      }
      Good = {
        Type    = "Choice"
        Choices = [{ Variable = "$.evaluation.auc", NumericGreaterThan = 0.8, Next = "Deploy" }]
        Default = "Bad"
      }
      Bad = { Type = "Fail" }
      Deploy = {
        Type       = "Task"
        Resource   = "arn:aws:states:::sagemaker:createEndpoint"
        Parameters = { EndpointName = "overdrafts" }
        End        = true
      }
    }
  })
}

resource "aws_sfn_state_machine" "deposits" {
  name     = "deposits"
  role_arn = "arn:aws:iam::111122223333:role/machines"
  definition = jsonencode({
    StartAt = "Train"
    States = {
      Train = {
        Type     = "Task"
        Resource = "arn:aws:states:::sagemaker:createTrainingJob.sync"
        Parameters = { "TrainingJobName.$" = "$.name", EnableNetworkIsolation = true }
        Next     = "Large"
      }
      Large = {
        Type    = "Choice"
        Choices = [{ Variable = "$.rows", NumericGreaterThan = 1000, Next = "Deploy" }]
        Default = "Small"
      }
      Small = { Type = "Fail" }
      Deploy = {
        Type       = "Task"
        Resource   = "arn:aws:states:::sagemaker:createEndpoint"
        Parameters = { EndpointName = "deposits" }
        End        = true
      }
    }
  })
}

variable "name" {
  default = "café õ€€€"
}

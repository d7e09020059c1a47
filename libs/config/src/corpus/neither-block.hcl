# command: validate
service {
  log_level = "debug"
}

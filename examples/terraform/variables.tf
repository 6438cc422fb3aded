variable "admin_cloud" {
  description = "The administrator's entry in clouds.yaml"
  default     = "novella"
}

variable "cloud" {
  description = "The user's entry in clouds.yaml"
  default     = "novella-demo"
}

variable "physical_network" {
  description = "As hosts name it in their device specs"
  default     = "physnet1"
}

variable "vlan" {
  default = 42
}

variable "cidr" {
  default = "10.42.0.0/24"
}

variable "image" {
  default = "tiny"
}

variable "flavor" {
  default = "m1.small"
}

variable "public_key" {
  description = "For the login at the server, such as the content of ~/.ssh/id_ed25519.pub"
}

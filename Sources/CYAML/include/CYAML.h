// libyaml as Swift can call it.
#pragma once
#include <yaml.h>

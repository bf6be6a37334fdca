// Everything that generated headers need.
#pragma once

#include "lib/wire/list_builder.hpp"
#include "lib/wire/list_reader.hpp"
#include "lib/wire/message_builder.hpp"
#include "lib/wire/message_reader.hpp"
#include "lib/wire/struct_builder.hpp"
#include "lib/wire/struct_reader.hpp"
#include "lib/wire/validator.hpp"

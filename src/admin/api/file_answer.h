// A file of the node in pieces that fit an answer: the caller asks for one after the other.
#pragma once

#include "admin/api/call.h"
#include "io/store/shelf.h"

namespace sallyport::admin {

/// Answers the call from its arguments `name` and `offset`.
void answer_with_piece(Call& call, const io::Shelf& shelf);

}  // namespace sallyport::admin

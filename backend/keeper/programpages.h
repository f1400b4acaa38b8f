#pragma once

namespace farcell {

// Takes the pages of our program file and its libraries out of this process's memory. The system
// still has them, and those that are used again come back by themselves, without the disk. For a
// process that has become idle: most of what it has loaded only its start needed.
void forgetProgramPages();

} // namespace farcell

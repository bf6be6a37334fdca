// Runs the official tools, for tests that compare with them.
#pragma once

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include <unistd.h>

namespace capos::wire_test {

// What `command` (a shell command) prints when it is given `input`. A failing command fails the test.
inline std::string run(const std::string& command, const std::string& input = {}) {
    char path[] = "/tmp/capos-wire-test-XXXXXX";
    const int file = mkstemp(path);
    if (file < 0 || write(file, input.data(), input.size()) != static_cast<ssize_t>(input.size())) {
        ADD_FAILURE() << "cannot write a temporary file";
        return {};
    }
    close(file);
    std::string output;
    FILE* pipe = popen((command + " < " + path).c_str(), "r");
    char buffer[4096];
    for (std::size_t got = 0; pipe != nullptr && (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
        output.append(buffer, got);
    const int status = pipe == nullptr ? -1 : pclose(pipe);
    EXPECT_EQ(status, 0) << command;
    unlink(path);
    return output;
}

inline std::string capnp(const std::string& arguments, const std::string& input = {}) {
    // The compiler warns when PWD is not the working directory; its warnings are not what is tested.
    return run("cd '" CAPOS_TEST_SOURCE_DIR "' && '" CAPOS_TEST_CAPNP "' " + arguments, input);
}

}  // namespace capos::wire_test

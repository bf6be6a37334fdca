// Each rule of the linter: the schema that breaks it, and what the build says.

#include <gtest/gtest.h>

#include <vector>
#include <cstdio>
#include <string>

namespace capos::codegen_test {

// What compiling bad/NAME.capnp with the plugin prints, with the exit status at the end.
std::string compile(const std::string& name) {
    const std::string command = "cd '" CAPOS_TEST_SOURCE_DIR "' && { '" CAPOS_TEST_CAPNP "' compile '-o" CAPOS_TEST_PLUGIN
                                ":" CAPOS_TEST_OUTPUT_DIR "' tests/unit/codegen/bad/" + name +
                                ".capnp 2>&1; echo status=$?; }";
    std::string output;
    FILE* pipe = popen(command.c_str(), "r");
    char buffer[1024];
    for (std::size_t got = 0; pipe != nullptr && (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
        output.append(buffer, got);
    if (pipe != nullptr)
        pclose(pipe);
    return output;
}

struct Rule {
    const char* schema;
    const char* message;
};

void PrintTo(const Rule& rule, std::ostream* out) { *out << rule.schema; }

class CodegenLintTest : public testing::TestWithParam<Rule> {};

TEST_P(CodegenLintTest, ABrokenRuleFailsTheBuildWithFileNameAndReason) {
    const std::string output = compile(GetParam().schema);
    const std::string expected = "tests/unit/codegen/bad/" + std::string(GetParam().schema) + ".capnp: " +
                                 GetParam().message;
    EXPECT_NE(output.find(expected), std::string::npos) << "wanted: " << expected << "\ngot: " << output;
    EXPECT_EQ(output.find("status=0"), std::string::npos) << output;
}

INSTANTIATE_TEST_SUITE_P(
    Rules, CodegenLintTest,
    ::testing::ValuesIn(std::vector<Rule>{
        Rule{"implicit_parameters", "Pinger.ping: the parameter struct must be declared and named"},
        Rule{"implicit_results", "Pinger.ping: the result struct must be declared and named"},
        Rule{"undocumented", "Pinger: an interface needs a comment"},
        Rule{"same_name", "Twice.readXy: becomes the same C++ name as readXY"},
        Rule{"enumerants", "Colours.darkXy: becomes the same C++ name as darkXY"},
        Rule{"any_pointer", "Anything.what: AnyPointer is not supported"},
        Rule{"generic", "Box: generic types are not supported"},
        Rule{"inheritance", "Derived: interface inheritance is not supported"},
        Rule{"list_default", "Listed.numbers: defaults of structs, lists and data are not supported"},
        Rule{"struct_default", "Outer.inner: defaults of structs, lists and data are not supported"},
        Rule{"data_default", "Bytes.bytes: defaults of structs, lists and data are not supported"},
        Rule{"reserved_name", "Outer.Reader: the name is taken by generated code"},
        Rule{"reserved_field", "Outer.which: the name is taken by generated code"},
        Rule{"streaming", "Pipe.write: streaming is not supported"},
        Rule{"missing_import", "imports tests/unit/codegen/bad/same_name.capnp, which is not generated"}}),
    [](const testing::TestParamInfo<Rule>& rule) { return rule.param.schema + std::to_string(rule.index); });

TEST(CodegenLintTest, AFileThatIsNotThereFailsTheBuild) {
    const std::string output = compile("does_not_exist");
    EXPECT_EQ(output.find("status=0"), std::string::npos) << output;
}

}  // namespace capos::codegen_test

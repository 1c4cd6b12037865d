// Files under a passphrase: what comes out is what went in, and nothing comes out of one that was changed anywhere.
#include "io/archive/sealed_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

namespace sallyport::io {
namespace {

namespace fs = std::filesystem;

const std::string phrase = "a long passphrase";
constexpr unsigned cheap = SealedHeader::least_cost;
constexpr std::size_t sealed = sealed_chunk + sealed_tag;

class SealedFile : public testing::Test {
protected:
    SealedFile() {
        std::string name = (fs::temp_directory_path() / "sallyport-sealed-XXXXXX").string();
        folder = mkdtemp(name.data());
        path = folder + "/node.backup";
    }
    ~SealedFile() override { fs::remove_all(folder); }

    static std::string payload_of(std::size_t size) {
        std::string text(size, '\0');
        for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 31 + (i >> 8U));
        return text;
    }
    void make(const std::string& payload) const {
        auto out = SealedWriter::create(path, phrase, payload.size(), cheap);
        ASSERT_TRUE(out) << out.error().text;
        ASSERT_TRUE(out->write(std::string_view{payload}.substr(0, payload.size() / 3)));
        ASSERT_TRUE(out->write(std::string_view{payload}.substr(payload.size() / 3)));
        ASSERT_TRUE(out->finish());
    }
    /// The code of the first error; "" with all of the payload in `out`.
    std::string read(std::string& out, const std::string& passphrase = phrase) const {
        auto in = SealedReader::open(path);
        if (!in) return in.error().code;
        if (auto unlocked = in->unlock(passphrase); !unlocked) return unlocked.error().code;
        for (;;) {
            const auto part = in->read(7000);
            if (!part) return part.error().code;
            if (part->empty()) return "";
            out += *part;
        }
    }
    [[nodiscard]] std::string bytes() const {
        std::ifstream in{path, std::ios::binary};
        return {std::istreambuf_iterator<char>{in}, {}};
    }
    void put(const std::string& text) const { std::ofstream{path, std::ios::binary} << text; }

    std::string folder, path;
};

TEST_F(SealedFile, GivesBackWhatWentIn) {
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, sealed_chunk - 1, sealed_chunk, sealed_chunk + 1, 3 * sealed_chunk + 12345}) {
        const std::string payload = payload_of(size);
        make(payload);
        std::string back;
        EXPECT_EQ(read(back), "") << size;
        EXPECT_EQ(back, payload) << size;
        struct stat facts {};
        ASSERT_EQ(stat(path.c_str(), &facts), 0);
        EXPECT_EQ(facts.st_mode & 07777, 0600U);
    }
}

TEST_F(SealedFile, HoldsNothingThatCanBeReadWithoutThePassphrase) {
    make(std::string(300, 'x') + "dialback secret" + std::string(300, 'x'));
    EXPECT_EQ(bytes().find("dialback"), std::string::npos);
    EXPECT_EQ(bytes().find("xxxx"), std::string::npos);
    std::string back;
    EXPECT_EQ(read(back, "another passphrase"), "sealed-passphrase");
    EXPECT_EQ(back, "");
}

TEST_F(SealedFile, DiffersEachTimeThoughItsPayloadDoesNot) {
    make(payload_of(1000));
    const std::string first = bytes();
    make(payload_of(1000));
    const std::string second = bytes();
    ASSERT_EQ(first.size(), second.size());
    EXPECT_NE(first.substr(SealedHeader::bytes), second.substr(SealedHeader::bytes));
}

TEST_F(SealedFile, TellsWhereItWasChanged) {
    make(payload_of(2 * sealed_chunk + 100));
    const std::string sound = bytes();
    const struct {
        const char* what;
        std::size_t from, to;
        const char* code;
    } ranges[] = {
        {"the mark", 0, 16, "sealed-foreign"},
        {"the version", 16, 18, "sealed-version"},
        {"the cost", 18, 19, "sealed-damaged"},
        {"the unused byte", 19, 20, "sealed-damaged"},
        {"the length, upper half", 20, 24, "sealed-damaged"},
        {"the salt", 28, 44, "sealed-passphrase"},
        {"the code of the header", 44, 76, "sealed-passphrase"},
        {"the first chunk", 76, 76 + sealed_chunk, "sealed-damaged"},
        {"its tag", 76 + sealed_chunk, 76 + sealed, "sealed-damaged"},
        {"the second chunk", 76 + sealed, 76 + sealed + sealed_chunk, "sealed-damaged"},
        {"its tag", 76 + sealed + sealed_chunk, 76 + 2 * sealed, "sealed-damaged"},
        {"the last chunk", 76 + 2 * sealed, sound.size() - sealed_tag, "sealed-damaged"},
        {"its tag", sound.size() - sealed_tag, sound.size(), "sealed-damaged"},
    };
    for (const auto& range : ranges) {
        for (const std::size_t at : {range.from, (range.from + range.to) / 2, range.to - 1}) {
            std::string changed = sound;
            changed[at] = static_cast<char>(changed[at] ^ 0x80);
            put(changed);
            std::string back;
            EXPECT_EQ(read(back), range.code) << range.what << ", byte " << at;
            EXPECT_EQ(back, payload_of(2 * sealed_chunk + 100).substr(0, back.size())) << range.what;
        }
    }
    // A length that is off by little is one that the file does not have.
    std::string longer = sound;
    longer[27] = static_cast<char>(longer[27] + 1);
    put(longer);
    std::string back;
    EXPECT_EQ(read(back), "sealed-truncated");
}

TEST_F(SealedFile, TellsThatItsEndIsMissing) {
    make(payload_of(2 * sealed_chunk));
    const std::string sound = bytes();
    for (const std::size_t size : {std::size_t{1}, std::size_t{16}, SealedHeader::bytes - 1, SealedHeader::bytes,
                                   SealedHeader::bytes + 10, SealedHeader::bytes + sealed, sound.size() - 1}) {
        put(sound.substr(0, size));
        std::string back;
        EXPECT_EQ(read(back), "sealed-truncated") << size;
    }
    put("");
    std::string back;
    EXPECT_EQ(read(back), "sealed-foreign");
    put(sound + "x");
    EXPECT_EQ(read(back), "sealed-damaged");
}

TEST_F(SealedFile, IsNotPutTogetherFromPartsOfOthers) {
    make(payload_of(2 * sealed_chunk));
    const std::string one = bytes();
    std::string swapped = one;
    swapped.replace(SealedHeader::bytes, sealed, one.substr(SealedHeader::bytes + sealed, sealed));
    swapped.replace(SealedHeader::bytes + sealed, sealed, one.substr(SealedHeader::bytes, sealed));
    put(swapped);
    std::string back;
    EXPECT_EQ(read(back), "sealed-damaged") << "chunks in another order";
    make(payload_of(2 * sealed_chunk));
    put(bytes().substr(0, SealedHeader::bytes) + one.substr(SealedHeader::bytes));
    EXPECT_EQ(read(back), "sealed-damaged") << "chunks of another file under the same passphrase";
    EXPECT_EQ(back, "");
}

TEST_F(SealedFile, BoundsWhatAForgedHeaderCanAskFor) {
    make("x");
    for (const auto& [at, value] : {std::pair<std::size_t, char>{18, 21}, {18, 9}, {18, 127}, {20, 1}}) {
        std::string forged = bytes();
        forged[at] = value;
        const auto header = SealedHeader::parse(forged);
        ASSERT_FALSE(header) << at;
        EXPECT_EQ(header.error().code, "sealed-damaged");
    }
    EXPECT_EQ(SealedHeader::make(most_sealed + 1, cheap).error().code, "sealed-too-long");
}

TEST_F(SealedFile, IsThereOnlyWhenItIsComplete) {
    put("the one before");
    {
        auto out = SealedWriter::create(path, phrase, 10, cheap);
        ASSERT_TRUE(out);
        ASSERT_TRUE(out->write("12345"));
        EXPECT_EQ(SealedWriter::create(path, phrase, 10, cheap).error().code, "sealed-write") << "two at once";
        EXPECT_EQ(out->finish().error().code, "sealed-failed") << "less than was promised";
        EXPECT_EQ(out->write("123456").error().code, "sealed-failed") << "more";
    }
    EXPECT_EQ(bytes(), "the one before");
    EXPECT_FALSE(fs::exists(path + ".partial"));
}

TEST_F(SealedFile, OpensNoFolderAndNothingThatIsNotThere) {
    EXPECT_EQ(SealedReader::open(folder).error().code, "sealed-read");
    const auto absent = SealedReader::open(path);
    ASSERT_FALSE(absent);
    EXPECT_EQ(absent.error().code, "sealed-read");
    EXPECT_NE(absent.error().text.find("No such file"), std::string::npos);
}

}  // namespace
}  // namespace sallyport::io

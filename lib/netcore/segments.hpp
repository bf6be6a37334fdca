// What arrived together is looked at together: consecutive segments of one TCP connection in one batch become one long
// segment, and an acknowledgement that a later one overtakes is dropped, so that most of a bulk transfer's frames never
// pass through the whole stack one by one. Checksums are verified here, frame by frame, before anything is joined.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

struct pbuf;

namespace capos::netcore {

class SegmentJoiner {
public:
    static constexpr std::size_t kMostPieces = 40;

    // Where packets go: in order, owned by the callee. `verified`: an unfragmented IPv4 TCP segment without IP options
    // whose IP and TCP checksums hold (the checksum field of a joined one is void).
    class Sink {
    public:
        virtual void deliver(pbuf* packet, bool verified) = 0;

    protected:
        ~Sink() = default;
    };

    explicit SegmentJoiner(Sink& sink) : sink_(sink) {}

    // Takes a frame over; it is delivered now or by a later add() or flush().
    void add(pbuf* frame);
    // Delivers what is held. At the end of each batch.
    void flush();

    std::uint64_t joined() const { return joined_; }     // segments that became part of another
    std::uint64_t skipped() const { return skipped_; }   // acknowledgements that were overtaken

private:
    struct Segment {
        std::uint64_t addresses;
        std::uint32_t ports;
        std::uint32_t sequence;
        std::uint32_t acknowledged;
        std::uint16_t window;       // as on the wire
        std::uint16_t payload;      // bytes
        std::uint8_t header;        // bytes of TCP header
        std::uint8_t flags;
    };

    static bool parse(const pbuf& frame, Segment& segment);
    bool continues(const Segment& next) const;
    bool overtakes(const Segment& next) const;
    void hold(pbuf* frame, const Segment& segment);

    Sink& sink_;
    std::array<pbuf*, kMostPieces> pieces_{};   // of the held segment; the first has the headers
    std::size_t count_ = 0;
    std::size_t bytes_ = 0;                     // payload of all pieces
    Segment first_{};                           // the held segment as it began
    Segment last_{};                            // and its latest piece
    std::uint64_t joined_ = 0;
    std::uint64_t skipped_ = 0;
};

}  // namespace capos::netcore

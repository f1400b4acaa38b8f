#pragma once

#include "backend/kernels/kernelservice.h"

#include <QSignalSpy>

#include <nlohmann/json.hpp>

#include <memory>
#include <vector>

namespace farcell::test {

// A kernel message taken apart for comparing.
struct Message
{
    QString channel, type, parentId;
    nlohmann::json header, metadata, content;
    std::vector<QByteArray> buffers;
    quint64 sequence = 0;
};

// One client's stream with everything it received, for tests.
class KernelClient
{
public:
    explicit KernelClient(std::unique_ptr<KernelStream> stream, QString session);

    KernelStream &stream() { return *m_stream; }
    void drop() { m_stream.reset(); }
    // Returns the message's id.
    QString send(const QString &channel, const QString &type, const nlohmann::json &content,
                 const nlohmann::json &metadata = nlohmann::json::object(), QString id = {});
    QString execute(const QString &code, bool allowStdin = false, bool stopOnError = true);
    [[nodiscard]] const std::vector<Message> &messages() const { return m_messages; }
    void forget() { m_messages.clear(); }

    // The first message of this type and parent; null if it has not come.
    [[nodiscard]] const Message *find(const QString &type, const QString &parentId) const;
    [[nodiscard]] bool isIdleAfter(const QString &parentId) const;
    // Reply and idle have come.
    [[nodiscard]] bool isDone(const QString &parentId) const;
    [[nodiscard]] QString text(const QString &parentId) const; // of all streams
    [[nodiscard]] bool isSequenceRising() const;
    [[nodiscard]] bool wasClosed() const { return m_wasClosed; }

private:
    void take(const QByteArray &frame);

    QObject m_context;
    std::unique_ptr<KernelStream> m_stream;
    QString m_session;
    std::vector<Message> m_messages;
    int m_count = 0;
    bool m_wasClosed = false;
};

} // namespace farcell::test

#pragma once

#include "backend/keeper/protocol.h"
#include "core/base/result.h"

#include <QHash>
#include <QLocalSocket>
#include <QObject>

#include <array>
#include <functional>
#include <string_view>

#include <nlohmann/json.hpp>

namespace farcell {

// farcelld's connection to one keeper: sends clients' frames and commands, tells what the keeper
// tells. Owned by a KernelHandle, lives on the server's thread, never blocks (but see
// waitForGreeting).
// Not here: reading the journal, processes.
class KeeperLink : public QObject
{
    Q_OBJECT
    Q_DISABLE_COPY_MOVE(KeeperLink)

public:
    // With what was asked for; null where nothing was.
    using Done = std::function<void(const Result<nlohmann::json> &)>;

    explicit KeeperLink(QObject *parent = nullptr);
    ~KeeperLink() override;

    [[nodiscard]] Result<> open(const QString &bundle);
    [[nodiscard]] bool isGreeted() const { return m_isGreeted; }
    // Only when the server starts and finds kernels: their states belong in the first answer.
    bool waitForGreeting(int milliseconds);

    void send(const QByteArray &session, const QByteArray &frame);
    void command(nlohmann::json request, const Done &done);
    // From the last greeting on; meaningful once isGreeted().
    [[nodiscard]] const keeperprotocol::Progress &progress() const { return m_progress; }
    [[nodiscard]] const nlohmann::json &state() const { return m_state; }
    // Keepers of older farcellds can do less.
    [[nodiscard]] bool can(std::string_view feature) const;
    // Null until it is told, and of a keeper that has none.
    [[nodiscard]] const nlohmann::json &queue() const { return m_queue; }

signals:
    void stateChanged();
    void progressed();
    void queueChanged();
    void lost(); // the keeper is gone or speaks another language

private:
    void read();
    void take(const keeperprotocol::FrameReader::Frame &frame);
    void giveUp();

    QLocalSocket m_socket;
    keeperprotocol::FrameReader m_reader;
    keeperprotocol::Progress m_progress;
    nlohmann::json m_state, m_features, m_queue;
    QHash<int, Done> m_waiting;
    int m_nextId = 1;
    bool m_isGreeted = false; // hello, state and progress have all come
    bool m_isLost = false;
};

} // namespace farcell

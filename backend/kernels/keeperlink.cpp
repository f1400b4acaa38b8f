#include "backend/kernels/keeperlink.h"

#include "backend/kernels/keeperspawn.h"

#include <QDeadlineTimer>

#include <algorithm>
#include <utility>

#include <unistd.h>

namespace farcell {

using namespace keeperprotocol;

KeeperLink::KeeperLink(QObject *parent)
    : QObject(parent)
{
    connect(&m_socket, &QLocalSocket::readyRead, this, &KeeperLink::read);
    connect(&m_socket, &QLocalSocket::disconnected, this, &KeeperLink::giveUp);
}

KeeperLink::~KeeperLink()
{
    m_isLost = true;
    m_socket.flush();
}

Result<> KeeperLink::open(const QString &bundle)
{
    const Result<int> descriptor = connectToKeeper(bundle);
    if (!descriptor) {
        return tl::unexpected(descriptor.error());
    }
    if (!m_socket.setSocketDescriptor(*descriptor)) {
        close(*descriptor);
        return fail(ErrorCode::Internal, tr("The kernel's keeper does not answer"),
                    m_socket.errorString());
    }
    std::string hello;
    const nlohmann::json greeting = {{"protocol", version}, {"features", {queueFeature}}};
    appendFrame(hello, FrameType::Hello, greeting.dump());
    m_socket.write(hello.data(), static_cast<qint64>(hello.size()));
    return {};
}

bool KeeperLink::waitForGreeting(int milliseconds)
{
    const QDeadlineTimer deadline(milliseconds);
    while (!m_isGreeted && !m_isLost &&
           m_socket.waitForReadyRead(static_cast<int>(deadline.remainingTime()))) {
        read();
    }
    return m_isGreeted;
}

void KeeperLink::send(const QByteArray &session, const QByteArray &frame)
{
    const std::string name =
        encodeNamed({session.constData(), static_cast<std::size_t>(session.size())});
    std::string out;
    const std::array<std::string_view, 2> parts = {
        name, {frame.constData(), static_cast<std::size_t>(frame.size())}};
    appendFrame(out, FrameType::Send, parts);
    m_socket.write(out.data(), static_cast<qint64>(out.size()));
    m_socket.flush(); // at once: a round trip waits for it
}

void KeeperLink::command(nlohmann::json request, const Done &done)
{
    if (m_isLost) {
        done(fail(ErrorCode::Unavailable, tr("The kernel's keeper is gone")));
        return;
    }
    const int id = m_nextId++;
    request["id"] = id;
    m_waiting.insert(id, done);
    std::string out;
    appendFrame(out, FrameType::Command,
                request.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    m_socket.write(out.data(), static_cast<qint64>(out.size()));
    m_socket.flush();
}

void KeeperLink::read()
{
    const QByteArray bytes = m_socket.readAll();
    m_reader.feed({bytes.constData(), static_cast<std::size_t>(bytes.size())});
    while (const auto frame = m_reader.next()) {
        take(*frame);
    }
    if (m_reader.isBroken()) {
        m_socket.abort();
        giveUp();
    }
}

void KeeperLink::take(const FrameReader::Frame &frame)
{
    if (frame.type == FrameType::Appended) {
        const auto progress = decodeProgress(frame.payload);
        if (progress) {
            m_progress = *progress;
            m_isGreeted = m_isGreeted || m_state.is_object();
            emit progressed();
        }
        return;
    }
    nlohmann::json json = nlohmann::json::parse(frame.payload, nullptr, false);
    if (!json.is_object()) {
        return;
    }
    if (frame.type == FrameType::Hello) {
        m_features = json.value("features", nlohmann::json::array());
    } else if (frame.type == FrameType::State) {
        m_state = std::move(json);
        emit stateChanged();
    } else if (frame.type == FrameType::Queue) {
        m_queue = std::move(json);
        emit queueChanged();
    } else if (frame.type == FrameType::Result && json["id"].is_number_integer()) {
        const Done done = m_waiting.take(json["id"].get<int>());
        const bool isOk = json["ok"].is_boolean() && json["ok"].get<bool>();
        const QString message = json["message"].is_string()
                                    ? QString::fromStdString(json["message"].get<std::string>())
                                    : QString();
        if (done) {
            done(isOk ? Result<nlohmann::json>(json.value("data", nlohmann::json()))
                      : fail(ErrorCode::Unavailable, message));
        }
    }
}

bool KeeperLink::can(std::string_view feature) const
{
    return std::find(m_features.begin(), m_features.end(), feature) != m_features.end();
}

void KeeperLink::giveUp()
{
    if (std::exchange(m_isLost, true)) {
        return;
    }
    for (const Done &done : std::exchange(m_waiting, {})) {
        done(fail(ErrorCode::Unavailable, tr("The kernel's keeper is gone")));
    }
    emit lost();
}

} // namespace farcell

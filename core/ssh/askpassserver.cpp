#include "core/ssh/askpassserver.h"

#include <QFile>
#include <QLocalSocket>
#include <QRandomGenerator>
#include <QRegularExpression>

#include <array>
#include <optional>
#include <utility>

#include <sys/socket.h>
#include <unistd.h>

namespace farcell {

namespace {

constexpr qsizetype maxQuestionBytes = 64LL * 1024;

QByteArray newSecret()
{
    std::array<quint32, 8> random{};
    QRandomGenerator::system()->fillRange(random.data(), random.size());
    return QByteArray(reinterpret_cast<const char *>(random.data()), sizeof random).toHex();
}

bool isOurs(const QLocalSocket &socket)
{
    ucred peer = {};
    socklen_t size = sizeof peer;
    return ::getsockopt(static_cast<int>(socket.socketDescriptor()), SOL_SOCKET, SO_PEERCRED, &peer,
                        &size) == 0 &&
           peer.uid == ::getuid();
}

// In time that does not depend on where they differ.
bool isEqual(const QByteArray &one, const QByteArray &other)
{
    unsigned difference = one.size() == other.size() ? 0U : 1U;
    for (qsizetype i = 0; i < qMin(one.size(), other.size()); ++i)
        difference |= static_cast<unsigned char>(one[i]) ^ static_cast<unsigned char>(other[i]);
    return difference == 0;
}

struct Letter
{
    QByteArray secret, hint, question;
};

// Nothing as long as the bytes are not all there.
std::optional<Letter> readLetter(const QByteArray &bytes)
{
    const qsizetype first = bytes.indexOf('\n');
    const qsizetype second = first < 0 ? -1 : bytes.indexOf('\n', first + 1);
    const qsizetype third = second < 0 ? -1 : bytes.indexOf('\n', second + 1);
    if (third < 0)
        return std::nullopt;
    const qsizetype size = bytes.mid(second + 1, third - second - 1).toLongLong();
    if (size < 0 || bytes.size() - third - 1 < size)
        return std::nullopt;
    return Letter{bytes.left(first), bytes.mid(first + 1, second - first - 1),
                  bytes.mid(third + 1, size)};
}

} // namespace

SshQuestion readSshQuestion(const QString &hint, const QString &text)
{
    static const QRegularExpression hostKey(QStringLiteral("authenticity of host '([^']*)'"));
    static const QRegularExpression fingerprint(
        QStringLiteral(R"((\S+) key fingerprint is (\S+?)\.?\s)"));
    static const QRegularExpression passphrase(
        QStringLiteral("passphrase for (?:key )?'?(.*?)'?:\\s*$"));
    static const QRegularExpression password(QStringLiteral("^(.*)'s password:\\s*$"));
    SshQuestion question;
    question.text = text.trimmed();
    if (hint == QLatin1String("none")) {
        question.kind = SshQuestion::Kind::Notice;
    } else if (hint == QLatin1String("confirm")) {
        question.kind = SshQuestion::Kind::Confirm;
    } else if (const auto host = hostKey.match(text); host.hasMatch()) {
        question.kind = SshQuestion::Kind::HostKey;
        question.subject = host.captured(1);
        const auto key = fingerprint.match(text);
        question.keyType = key.captured(1);
        question.fingerprint = key.captured(2);
    } else if (const auto key = passphrase.match(text); key.hasMatch()) {
        question.kind = SshQuestion::Kind::Passphrase;
        question.subject = key.captured(1);
    } else if (const auto account = password.match(text); account.hasMatch()) {
        question.kind = SshQuestion::Kind::Password;
        question.subject = account.captured(1);
    }
    return question;
}

AskpassServer::AskpassServer(QString socketPath, QString helper, QObject *parent)
    : QObject(parent)
    , m_path(std::move(socketPath))
    , m_helper(std::move(helper))
    , m_secret(newSecret())
{
    m_server.setSocketOptions(QLocalServer::UserAccessOption);
    connect(&m_server, &QLocalServer::newConnection, this, &AskpassServer::accept);
}

AskpassServer::~AskpassServer()
{
    for (QLocalSocket *const socket : std::exchange(m_waiting, {}))
        socket->disconnect(this);
}

Result<> AskpassServer::listen()
{
    if (!QFile::exists(m_helper))
        return fail(ErrorCode::NotFound, tr("The program %1 is missing").arg(m_helper));
    if (!m_server.listen(m_path))
        return fail(ErrorCode::Internal, tr("The socket for questions of ssh cannot be made"),
                    m_server.errorString());
    return {};
}

QProcessEnvironment AskpassServer::environment() const
{
    QProcessEnvironment environment = QProcessEnvironment::systemEnvironment();
    environment.insert(QStringLiteral("SSH_ASKPASS"), m_helper);
    environment.insert(QStringLiteral("SSH_ASKPASS_REQUIRE"), QStringLiteral("force"));
    // Older versions look for a display before they ask in this way.
    if (!environment.contains(QStringLiteral("DISPLAY")))
        environment.insert(QStringLiteral("DISPLAY"), QStringLiteral("farcell"));
    environment.insert(QStringLiteral("FARCELL_ASKPASS_SOCKET"), m_path);
    environment.insert(QStringLiteral("FARCELL_ASKPASS_SECRET"), QString::fromLatin1(m_secret));
    return environment;
}

void AskpassServer::accept()
{
    while (QLocalSocket *const socket = m_server.nextPendingConnection()) {
        connect(socket, &QLocalSocket::disconnected, socket, &QObject::deleteLater);
        if (!isOurs(*socket)) {
            socket->abort();
            continue;
        }
        connect(socket, &QLocalSocket::readyRead, this, [this, socket] { read(socket); });
        read(socket);
    }
}

void AskpassServer::read(QLocalSocket *socket)
{
    const QByteArray bytes = socket->peek(maxQuestionBytes);
    const auto letter = readLetter(bytes);
    const bool refused = letter && !isEqual(letter->secret, m_secret);
    if (refused || (!letter && bytes.size() >= maxQuestionBytes)) {
        socket->abort();
        return;
    }
    if (!letter)
        return;
    disconnect(socket, &QLocalSocket::readyRead, this, nullptr);
    SshQuestion question =
        readSshQuestion(QString::fromLatin1(letter->hint), QString::fromUtf8(letter->question));
    question.id = ++m_lastId;
    m_waiting.insert(question.id, socket);
    connect(socket, &QLocalSocket::disconnected, this, [this, id = question.id] {
        if (m_waiting.remove(id) > 0)
            emit withdrawn(id);
    });
    emit asked(question);
}

void AskpassServer::reply(int id, const QByteArray &bytes)
{
    QLocalSocket *const socket = m_waiting.take(id);
    if (socket == nullptr)
        return;
    socket->write(bytes);
    socket->disconnectFromServer();
}

void AskpassServer::answer(int id, const QString &text)
{
    reply(id, '+' + text.toUtf8());
}

void AskpassServer::refuse(int id)
{
    reply(id, "-");
}

} // namespace farcell

#include "core/ssh/sshlink.h"

#include "core/ssh/hostsetup.h"
#include "core/ssh/sshfailure.h"
#include "core/ssh/sshrelay.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QLocalSocket>
#include <QLoggingCategory>
#include <QRandomGenerator>
#include <QStandardPaths>
#include <QTemporaryDir>

#include <algorithm>
#include <chrono>
#include <utility>

namespace farcell {

namespace {

using namespace std::chrono_literals;

Q_LOGGING_CATEGORY(lcSsh, "farcell.ssh")

constexpr std::chrono::milliseconds longestPause = 30s;
constexpr std::chrono::milliseconds verifyPatience = 20s;

// ssh makes its control socket under a longer name first: name, point and 16 letters, and a
// socket's path may have 107 bytes.
QString privateFolder()
{
    for (const QString &base :
         {qEnvironmentVariable("XDG_RUNTIME_DIR"), QDir::tempPath(), QStringLiteral("/tmp")}) {
        if (QDir::isAbsolutePath(base) && base.size() < 70 && QFileInfo(base).isWritable())
            return base + QStringLiteral("/farcell-ssh-XXXXXX");
    }
    return QStringLiteral("/tmp/farcell-ssh-XXXXXX");
}

QString askpassProgram(const QString &given)
{
    if (!given.isEmpty())
        return given;
    const QDir here(QCoreApplication::applicationDirPath());
    for (const char *place : {"farcell-askpass", "../libexec/farcell/farcell-askpass",
                              "../lib/farcell/farcell-askpass"}) {
        const QString path = here.absoluteFilePath(QLatin1String(place));
        if (QFile::exists(path))
            return QDir::cleanPath(path);
    }
    return here.absoluteFilePath(QStringLiteral("farcell-askpass"));
}

} // namespace

class SshLink::Helpers
{
public:
    explicit Helpers(const QString &helper)
        : folder(privateFolder())
        , askpass(folder.filePath(QStringLiteral("ask")), askpassProgram(helper))
    {}

    [[nodiscard]] Result<> prepare()
    {
        if (!folder.isValid())
            return fail(ErrorCode::Internal, tr("No private temporary folder could be made"),
                        folder.errorString());
        if (auto listening = askpass.listen(); !listening)
            return listening;
        const auto opened = relay.listen();
        if (!opened)
            return tl::unexpected(opened.error());
        port = *opened;
        return {};
    }
    [[nodiscard]] QString controlPath() const { return folder.filePath(QStringLiteral("ctl")); }
    [[nodiscard]] QString socketPath() const { return folder.filePath(QStringLiteral("server")); }

    QTemporaryDir folder; // 0700
    AskpassServer askpass;
    SshRelay relay;
    quint16 port = 0;
};

SshLink::SshLink(SshTarget target, Options options, QObject *parent)
    : QObject(parent)
    , m_target(std::move(target))
    , m_options(std::move(options))
{
    if (m_options.cacheDirectory.isEmpty())
        m_options.cacheDirectory =
            QStandardPaths::writableLocation(QStandardPaths::GenericCacheLocation) +
            QStringLiteral("/farcell");
    connect(&m_packing, &QFutureWatcherBase::finished, this, &SshLink::usePack);
    m_retry.setSingleShot(true);
    connect(&m_retry, &QTimer::timeout, this, &SshLink::attempt);
}

SshLink::~SshLink()
{
    m_master.reset();
}

qint64 SshLink::sshProcessId() const
{
    return m_master ? m_master->processId() : 0;
}

void SshLink::open()
{
    if (m_state == State::Waiting) {
        m_triesInRow = 0;
        m_retry.start(0);
    }
    if (m_state != State::Closed)
        return;
    if (!m_helpers) {
        auto helpers = std::make_unique<Helpers>(m_options.askpass);
        if (const auto prepared = helpers->prepare(); !prepared)
            return giveUp(prepared.error());
        m_helpers = std::move(helpers);
        connect(&m_helpers->askpass, &AskpassServer::asked, this, &SshLink::takeQuestion);
        connect(&m_helpers->askpass, &AskpassServer::withdrawn, this, &SshLink::dropQuestion);
        connect(&m_helpers->relay, &SshRelay::nobodyThere, this, &SshLink::reviveServer);
    }
    attempt();
}

void SshLink::close()
{
    m_lookDone = nullptr;
    m_wasReady = false;
    m_error = {
        ErrorCode::Cancelled, tr("The connection to %1 was closed").arg(m_target.text()), {}};
    endAttempt();
    setState(State::Closed);
}

void SshLink::endAttempt()
{
    ++m_attempt;
    m_forwarded.clear();
    m_retry.stop();
    if (m_question) {
        m_helpers->askpass.refuse(m_question->id);
        m_question.reset();
        emit questionChanged();
    }
    if (m_master) {
        m_master->disconnect(this);
        m_master.release()->deleteLater(); // it may be the one who calls
    }
    if (m_helpers)
        m_helpers->relay.setAway(tr("The SSH connection to %1 is down").arg(m_target.text()));
}

void SshLink::attempt()
{
    endAttempt();
    m_given.clear();
    m_askedBefore.clear();
    SshProgram ssh = m_options.ssh;
    ssh.environment = m_helpers->askpass.environment();
    m_master = std::make_unique<SshMaster>(m_target, ssh, m_helpers->controlPath());
    connect(m_master.get(), &SshMaster::up, this, &SshLink::masterUp);
    connect(m_master.get(), &SshMaster::ended, this, &SshLink::masterEnded);
    setState(State::Connecting);
    m_master->start();
    m_onlyLooks = static_cast<bool>(m_lookDone);
    if (!m_bundle && !m_onlyLooks && !m_packing.isRunning()) // meanwhile
        m_packing.setFuture(prepareServerBundle(m_options.programs, m_options.cacheDirectory));
}

void SshLink::masterUp()
{
    m_accepted = m_given;
    setState(State::Checking);
    if (m_lookDone)
        return lookForKernels(m_target, *m_master, std::exchange(m_lookDone, nullptr));
    if (m_bundle)
        return setUpHost();
    if (!m_packing.isRunning())
        usePack();
}

// Needed once we are on the host and the server is packed, whichever comes last.
void SshLink::usePack()
{
    const Result<ServerBundle> bundle = m_packing.result();
    if (bundle)
        m_bundle = *bundle;
    if (!m_master || !m_master->isUp() || m_state != State::Checking || m_onlyLooks)
        return;
    if (bundle)
        setUpHost();
    else
        giveUp(bundle.error());
}

// The connection holds but the server there has ended: its kernels wait for the next one.
void SshLink::reviveServer()
{
    if (m_state != State::Ready || !m_bundle)
        return;
    m_lostAt = QDateTime::currentDateTimeUtc();
    m_helpers->relay.setAway(
        tr("The server on %1 has ended; it is being started again").arg(m_target.text()));
    setUpHost();
}

void SshLink::setUpHost()
{
    auto *const setup =
        new HostSetup(m_target, *m_master, *m_bundle, m_options.usesInstalled, m_master.get());
    connect(setup, &HostSetup::progressChanged, this, &SshLink::progressChanged);
    connect(setup, &HostSetup::stepChanged, this, [this](HostSetup::Step step) {
        setState(step == HostSetup::Step::Checking  ? State::Checking
                 : step == HostSetup::Step::Copying ? State::Copying
                                                    : State::Starting);
    });
    connect(setup, &HostSetup::finished, this, &SshLink::attach);
    connect(setup, &HostSetup::failed, this, &SshLink::failOrRetry);
    setup->begin();
}

// Also when it never came up.
void SshLink::masterEnded()
{
    const Error error = sshError(m_target, m_master->errorText());
    qCInfo(lcSsh) << m_target.text() << "has ended:" << error.detail;
    failOrRetry(error);
}

// What was ready once is tried again as long as that can help.
void SshLink::failOrRetry(const Error &error)
{
    const bool mayComeBack =
        error.code == ErrorCode::Unavailable || error.code == ErrorCode::Timeout;
    if (m_wasReady && mayComeBack)
        retryLater();
    else
        giveUp(error);
}

void SshLink::retryLater()
{
    endAttempt();
    if (!m_lostAt.isValid())
        m_lostAt = QDateTime::currentDateTimeUtc();
    const int doublings = std::min(m_triesInRow++, 6);
    const auto pause = std::min<std::chrono::milliseconds>(500ms * (1 << doublings), longestPause);
    const auto half = static_cast<int>(pause.count() / 2);
    m_retry.start(half + QRandomGenerator::global()->bounded(half + 1));
    m_helpers->relay.setAway(
        tr("The SSH connection to %1 is down; it is being made again").arg(m_target.text()));
    setState(State::Waiting);
}

void SshLink::attach(const HostServer &server)
{
    if (m_wasReady && server.token != m_token)
        return giveUp(
            {ErrorCode::Unavailable,
             tr("The server on %1 is not the one of before; connect again").arg(m_target.text()),
             {}});
    m_token = server.token;
    setState(State::Starting);
    if (std::exchange(m_forwarded, server.socket) == server.socket)
        return verify();
    m_master->forward(
        m_helpers->socketPath(), server.socket, [this](bool isOk, const QString &text) {
            if (isOk)
                return verify();
            giveUp({ErrorCode::Denied,
                    tr("%1 does not forward sockets: %2").arg(m_target.text(), text), text});
        });
}

// Whether the server really answers at this end: sshd may refuse only now.
void SshLink::verify()
{
    auto *const socket = new QLocalSocket(m_master.get());
    const auto fail = [this, socket, attempt = m_attempt] {
        if (attempt != m_attempt)
            return;
        socket->disconnect(this);
        failOrRetry(
            {ErrorCode::Unavailable,
             tr("%1 does not forward sockets (AllowStreamLocalForwarding in its sshd_config), "
                "or its server does not answer")
                 .arg(m_target.text()),
             socket->errorString()});
    };
    connect(socket, &QLocalSocket::connected, this,
            [socket] { socket->write("GET /api HTTP/1.1\r\nHost: localhost\r\n\r\n"); });
    connect(socket, &QLocalSocket::readyRead, this, [this, socket] {
        if (socket->bytesAvailable() < 12)
            return;
        const bool isHttp = socket->peek(7) == "HTTP/1.";
        socket->disconnect(this);
        socket->abort();
        socket->deleteLater();
        if (isHttp)
            return becomeReady();
        giveUp({ErrorCode::InvalidData,
                tr("What answers on %1 is not a farcelld").arg(m_target.text()),
                {}});
    });
    connect(socket, &QLocalSocket::errorOccurred, this, fail);
    QTimer::singleShot(verifyPatience, socket, fail);
    socket->connectToServer(m_helpers->socketPath());
}

void SshLink::becomeReady()
{
    m_url = QUrl(QStringLiteral("http://127.0.0.1:%1/").arg(m_helpers->port));
    m_wasReady = true;
    m_triesInRow = 0;
    m_lostAt = {};
    m_helpers->relay.setTarget(m_helpers->socketPath());
    setState(State::Ready);
    emit ready();
}

void SshLink::lookForForgetting(std::function<void(const Result<QStringList> &)> done)
{
    if (m_master && m_master->isUp())
        return lookForKernels(m_target, *m_master, std::move(done));
    m_wasReady = false;
    endAttempt();
    m_state = State::Closed;
    m_lookDone = std::move(done);
    open();
}

void SshLink::forget(std::function<void(const Result<> &)> done)
{
    if (!m_master || !m_master->isUp())
        return done(tl::unexpected(sshError(m_target, {})));
    setState(State::Forgetting);
    m_wasReady = false;
    forgetHost(m_target, *m_master, [this, done = std::move(done)](const Result<> &forgotten) {
        m_accepted.clear();
        close();
        done(forgotten);
    });
}

void SshLink::takeQuestion(const SshQuestion &asked)
{
    SshQuestion question = asked;
    question.isRepeated = m_askedBefore.contains(question.text);
    m_askedBefore.insert(question.text);
    const bool isSecret = question.kind == SshQuestion::Kind::Passphrase ||
                          question.kind == SshQuestion::Kind::Password;
    if (isSecret && !question.isRepeated && m_accepted.contains(question.text)) {
        m_given.insert(question.text, m_accepted.value(question.text));
        m_helpers->askpass.answer(question.id, m_accepted.value(question.text));
        return;
    }
    m_question = question;
    emit questionChanged();
}

void SshLink::dropQuestion(int id)
{
    if (!m_question || m_question->id != id)
        return;
    m_question.reset();
    emit questionChanged();
}

void SshLink::answer(const QString &text)
{
    if (!m_question)
        return;
    const SshQuestion question = *std::exchange(m_question, std::nullopt);
    if (question.kind == SshQuestion::Kind::Passphrase ||
        question.kind == SshQuestion::Kind::Password)
        m_given.insert(question.text, text);
    m_helpers->askpass.answer(question.id, text);
    emit questionChanged();
}

void SshLink::refuse()
{
    if (!m_question)
        return;
    const bool isHostKey = m_question->kind == SshQuestion::Kind::HostKey;
    giveUp({ErrorCode::Cancelled,
            isHostKey ? tr("The key of %1 was not accepted").arg(m_target.text())
                      : tr("The log-in on %1 was given up").arg(m_target.text()),
            {}});
}

void SshLink::giveUp(const Error &error)
{
    endAttempt();
    m_wasReady = false;
    m_error = error;
    const auto lookDone = std::exchange(m_lookDone, nullptr);
    setState(State::Closed);
    if (lookDone)
        lookDone(tl::unexpected(error));
    else
        emit failed(error);
}

void SshLink::setState(State state)
{
    m_state = state;
    emit stateChanged();
}

} // namespace farcell

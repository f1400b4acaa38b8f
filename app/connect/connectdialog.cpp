#include "app/connect/connectdialog.h"

#include "app/connect/placelist.h"
#include "app/connect/servercard.h"
#include "app/connect/sshpage.h"
#include "app/connect/tokenstore.h"
#include "core/base/onfinished.h"
#include "core/ssh/sshtarget.h"

#include <QAction>
#include <QCheckBox>
#include <QDir>
#include <QFuture>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include <utility>

namespace farcell {

namespace {

constexpr int settleMs = 200;

QString homeRelative(const QString &path)
{
    const QString home = QDir::homePath();
    return path.startsWith(home + u'/') ? u'~' + path.mid(home.size()) : path;
}

} // namespace

ConnectDialog::ConnectDialog(ThemeSource &theme, TokenStore &tokens, Setup setup, QWidget *parent)
    : QDialog(parent)
    , m_theme(theme)
    , m_tokens(tokens)
    , m_setup(std::move(setup))
    , m_recent(m_setup.recentFile)
{
    setWindowTitle(tr("Connect to a runtime"));
    setMinimumSize(680, 480);
    resize(760, 560);

    m_places = new PlaceList(theme, this);
    m_places->setObjectName(QStringLiteral("places"));
    m_places->setFixedWidth(232);
    auto *const upper = new QHBoxLayout;
    upper->setContentsMargins(0, 0, 0, 0);
    upper->setSpacing(0);
    auto *const side = new QVBoxLayout;
    side->setContentsMargins(12, 16, 12, 12);
    side->addWidget(m_places);
    upper->addLayout(side);
    upper->addWidget(buildDetails(), 1);
    auto *const column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addLayout(upper, 1);
    column->addWidget(buildButtons());

    m_settle.setSingleShot(true);
    m_settle.setInterval(settleMs);
    connect(&m_settle, &QTimer::timeout, this, [this] { askRecent(m_place, m_places->url()); });
    connect(&m_probe, &ServerProbe::answered, this, &ConnectDialog::useState);
    connect(&m_probe, &ServerProbe::failed, this, &ConnectDialog::showError);
    connect(m_card, &ServerCard::trustRequested, this, &ConnectDialog::trust);
    connect(m_places, &PlaceList::placeChanged, this, &ConnectDialog::placeChanged);
    connect(m_places, &QListView::clicked, this, [this] {
        if (m_places->kind() == PlaceList::Kind::Other)
            m_address->setFocus();
        else if (m_places->kind() == PlaceList::Kind::Ssh)
            m_ssh->focusHost();
    });
    connect(m_places, &QListView::activated, this, [this] {
        if (m_places->kind() == PlaceList::Kind::Other)
            m_address->setFocus();
        else if (m_places->kind() == PlaceList::Kind::Ssh)
            m_ssh->focusHost();
        else if (m_connect->isEnabled())
            finish();
    });
    connect(m_places, &PlaceList::forgetRequested, this, &ConnectDialog::forget);
    connect(&theme, &ThemeSource::themeChanged, this, &ConnectDialog::applyTheme);
    applyTheme();
    showTokenPlace();

    m_places->setServers(m_recent.servers());
    m_places->select(m_setup.currentServer.isEmpty() ? PlaceList::Kind::ThisComputer
                     : m_setup.currentServer.scheme() == QLatin1String("ssh")
                         ? PlaceList::Kind::RecentSsh
                         : PlaceList::Kind::Recent,
                     m_setup.currentServer);
    if (!m_places->currentIndex().isValid())
        m_places->select(PlaceList::Kind::ThisComputer);
    m_places->setFocus();
}

ConnectDialog::~ConnectDialog() = default;

QWidget *ConnectDialog::buildForm()
{
    m_form = new QWidget(this);
    auto *const grid = new QGridLayout(m_form);
    grid->setContentsMargins(0, 0, 0, 0);
    grid->setHorizontalSpacing(12);
    grid->setVerticalSpacing(8);
    m_address = new QLineEdit(m_form);
    m_address->setPlaceholderText(QStringLiteral("http://host:8888/?token=…"));
    m_address->setInputMethodHints(Qt::ImhUrlCharactersOnly);
    m_address->setClearButtonEnabled(false);
    m_token = new QLineEdit(m_form);
    m_token->setEchoMode(QLineEdit::Password);
    m_token->setPlaceholderText(tr("Only if the address does not have it"));
    QAction *const reveal =
        m_token->addAction(m_theme.icon(QStringLiteral("eye")), QLineEdit::TrailingPosition);
    reveal->setToolTip(tr("Show the token"));
    reveal->setCheckable(true);
    connect(reveal, &QAction::toggled, m_token, [this, reveal](bool on) {
        m_token->setEchoMode(on ? QLineEdit::Normal : QLineEdit::Password);
        reveal->setIcon(m_theme.icon(on ? QStringLiteral("eye-off") : QStringLiteral("eye")));
    });
    m_check = new QPushButton(tr("Check"), m_form);
    m_check->setAutoDefault(false);
    m_remember = new QCheckBox(tr("Remember the token"), m_form);
    m_remember->setChecked(true);
    m_tokenPlace = new QLabel(m_form);
    m_tokenPlace->setWordWrap(true);
    m_tokenPlace->setProperty("kind", QStringLiteral("muted"));
    m_tokenPlace->setContentsMargins(26, 0, 0, 0); // under the text of the box above
    m_tokenPlace->setAlignment(Qt::AlignTop);

    const auto label = [this](const QString &text, QWidget *buddy) {
        auto *const made = new QLabel(text, m_form);
        made->setBuddy(buddy);
        return made;
    };
    grid->addWidget(label(tr("Address"), m_address), 0, 0);
    grid->addWidget(m_address, 0, 1);
    grid->addWidget(m_check, 0, 2);
    grid->addWidget(label(tr("Token"), m_token), 1, 0);
    grid->addWidget(m_token, 1, 1, 1, 2);
    grid->addWidget(m_remember, 2, 1, 1, 2);
    grid->addWidget(m_tokenPlace, 3, 1, 1, 2);
    grid->setRowMinimumHeight(3, 28);
    grid->setColumnStretch(1, 1);

    for (QLineEdit *field : {m_address, m_token}) {
        connect(field, &QLineEdit::textEdited, this, &ConnectDialog::fieldsEdited);
        connect(field, &QLineEdit::returnPressed, this, &ConnectDialog::askTyped);
    }
    connect(m_check, &QPushButton::clicked, this, &ConnectDialog::askTyped);
    return m_form;
}

void ConnectDialog::buildSshPage()
{
    m_ssh = new SshPage(m_theme, m_setup.sshLink,
                        m_setup.sshConfig.isEmpty() ? userSshConfig() : m_setup.sshConfig, this);
    connect(m_ssh, &SshPage::hostEdited, this, &ConnectDialog::fieldsEdited);
    connect(m_ssh, &SshPage::waiting, this, [this](const QString &text, qint64 done, qint64 total) {
        m_probe.cancel();
        m_state.reset();
        m_kernels->clear();
        m_card->showProgress(text, done, total);
        updateButtons();
    });
    connect(m_ssh, &SshPage::asking, m_card, [this] {
        m_kernels->clear();
        m_card->showNothing();
    });
    connect(m_ssh, &SshPage::reached, this, &ConnectDialog::ask);
    connect(m_ssh, &SshPage::failed, this, &ConnectDialog::showError);
    connect(m_ssh, &SshPage::forgotten, this, [this](const QString &host) {
        m_recent.remove(QUrl(QStringLiteral("ssh:") + host));
        m_places->setServers(m_recent.servers());
        m_places->select(PlaceList::Kind::Ssh);
        m_card->showDone(tr("%1 is as it was before.").arg(host));
    });
}

QWidget *ConnectDialog::buildDetails()
{
    auto *const details = new QWidget(this);
    details->setObjectName(QStringLiteral("connectDetails"));
    m_title = new QLabel(details);
    m_note = new QLabel(details);
    m_note->setWordWrap(true);
    m_note->setProperty("kind", QStringLiteral("muted"));
    m_card = new ServerCard(m_theme, details);
    m_kernels = new KernelList(m_theme, details);
    auto *const column = new QVBoxLayout(details);
    column->setContentsMargins(24, 20, 24, 16);
    column->setSpacing(0);
    column->addWidget(m_title);
    column->addSpacing(4);
    column->addWidget(m_note);
    column->addSpacing(16);
    column->addWidget(buildForm());
    buildSshPage();
    column->addWidget(m_ssh);
    column->addSpacing(12);
    column->addWidget(m_card);
    column->addSpacing(8);
    column->addWidget(m_kernels, 1);
    column->addStretch(0);
    connect(m_kernels, &KernelList::choiceMade, this, &ConnectDialog::finish);
    connect(m_kernels, &KernelList::choiceChanged, this, &ConnectDialog::updateButtons);
    return details;
}

QWidget *ConnectDialog::buildButtons()
{
    auto *const bar = new QWidget(this);
    bar->setObjectName(QStringLiteral("connectButtons"));
    auto *const cancel = new QPushButton(tr("Cancel"), bar);
    cancel->setAutoDefault(false);
    m_connect = new QPushButton(tr("Connect"), bar);
    m_connect->setProperty("kind", QStringLiteral("primary"));
    m_connect->setAutoDefault(false);
    auto *const row = new QHBoxLayout(bar);
    row->setContentsMargins(16, 12, 24, 12);
    row->setSpacing(8);
    row->addStretch(1);
    row->addWidget(cancel);
    row->addWidget(m_connect);
    connect(cancel, &QPushButton::clicked, this, &QDialog::reject);
    connect(m_connect, &QPushButton::clicked, this, &ConnectDialog::finish);
    return bar;
}

void ConnectDialog::applyTheme()
{
    const Theme &theme = m_theme.theme();
    m_title->setFont(theme.heading);
    m_tokenPlace->setFont(theme.caption);
    setStyleSheet(QStringLiteral("#connectDetails { background: %1; border-left: 1px solid %2; }"
                                 "#connectButtons { border-top: 1px solid %2; }")
                      .arg(theme.surface.name(), theme.border.name()));
}

void ConnectDialog::placeChanged()
{
    ++m_place;
    m_settle.stop();
    m_probe.cancel();
    m_state.reset();
    m_acceptsWhenReady = false;
    m_card->showNothing();
    m_kernels->clear();
    const PlaceList::Kind kind = m_places->kind();
    m_ssh->leave();
    m_form->setVisible(kind == PlaceList::Kind::Recent || kind == PlaceList::Kind::Other);
    m_ssh->setVisible(isSsh());
    if (kind == PlaceList::Kind::ThisComputer) {
        m_title->setText(tr("This computer"));
        m_note->setText(tr("Kernels installed here run under a private runtime of this app."));
        askThisComputer(m_place);
    } else if (isSsh()) {
        const bool isKnown = kind == PlaceList::Kind::RecentSsh;
        m_title->setText(isKnown ? m_places->url().path() : tr("A host over SSH"));
        m_note->setText(tr("Your system's ssh logs in, with your keys and your configuration. What "
                           "a host lacks is copied to your home folder there, and your kernels go "
                           "on when you leave."));
        m_ssh->setHost(isKnown ? m_places->url().path() : QString());
    } else if (kind == PlaceList::Kind::Recent) {
        m_title->setText(m_places->currentIndex().data().toString());
        m_note->setText(tr("A server you have used before."));
        m_address->setText(m_places->url().toString());
        m_token->clear();
        m_card->showWaiting(tr("Asking the server…"));
        m_settle.start();
    } else {
        m_title->setText(tr("Another server"));
        m_note->setText(tr("Any farcelld or Jupyter server: paste the address it printed."));
        m_address->clear();
        m_token->clear();
    }
    updateButtons();
}

void ConnectDialog::askThisComputer(int place)
{
    m_card->showWaiting(tr("Starting the runtime…"));
    m_setup.thisComputer(this, [this, place](const Result<Endpoint> &endpoint) {
        if (place != m_place)
            return;
        if (endpoint)
            ask(*endpoint);
        else
            showError(endpoint.error());
    });
}

void ConnectDialog::askRecent(int place, const QUrl &url)
{
    onFinished(m_tokens.load(url), this, [this, place, url](const Result<QString> &token) {
        if (place != m_place)
            return;
        m_token->setText(token.value_or(QString()));
        ask({url, m_token->text()});
    });
}

void ConnectDialog::askTyped()
{
    const auto endpoint = Endpoint::fromUserInput(m_address->text(), m_token->text());
    if (!endpoint)
        return showError(endpoint.error());
    // A pasted address with its token is taken apart, so that the token does not stay in sight.
    m_address->setText(endpoint->url.toString());
    m_token->setText(endpoint->token);
    ask(*endpoint);
}

void ConnectDialog::ask(const Endpoint &endpoint)
{
    m_settle.stop();
    m_state.reset();
    m_kernels->clear();
    m_card->showWaiting(m_places->kind() == PlaceList::Kind::ThisComputer
                            ? tr("Starting the runtime…")
                            : tr("Asking the server…"));
    m_asked = endpoint;
    m_probe.start(m_pins.pinned(endpoint));
    updateButtons();
}

void ConnectDialog::useState(const ServerState &state)
{
    const bool accepts = std::exchange(m_acceptsWhenReady, false);
    m_state = state;
    const bool isLocal = m_places->kind() == PlaceList::Kind::ThisComputer;
    if (isSsh())
        m_card->showServer(state.info, tr("Running on %1").arg(m_ssh->target()));
    else
        m_card->showServer(state.info, isLocal ? QUrl() : state.endpoint.url);
    m_kernels->setState(state, m_setup.wantedKernel, m_setup.currentKernel);
    QHash<QString, QString> notebooks;
    for (const RemoteSession &session : state.sessions)
        notebooks.insert(session.kernel.id.toString(), session.path);
    m_ssh->setNotebooks(notebooks);
    if (state.specs.specs.isEmpty())
        m_card->showError({ErrorCode::NotFound,
                           tr("%1 answers, but no kernel is installed there").arg(state.info.name),
                           {}});
    updateButtons();
    if (accepts && m_connect->isEnabled())
        finish();
}

void ConnectDialog::showError(const Error &error)
{
    m_acceptsWhenReady = false;
    if (error.code == ErrorCode::Untrusted && !error.detail.isEmpty())
        m_card->showUntrusted(error, !m_pins.find(m_asked.url).isEmpty());
    else
        m_card->showError(error);
    if (error.code == ErrorCode::Denied && m_form->isVisible()) {
        m_token->setFocus();
        m_token->selectAll();
    }
    updateButtons();
}

void ConnectDialog::trust(const QString &fingerprint)
{
    if (const auto pinned = m_pins.pin(m_asked.url, fingerprint); !pinned)
        m_card->showError(pinned.error());
    else
        ask(m_asked);
}

void ConnectDialog::fieldsEdited()
{
    m_probe.cancel();
    m_settle.stop();
    m_state.reset();
    m_acceptsWhenReady = false;
    m_card->showNothing();
    m_kernels->clear();
    updateButtons();
}

void ConnectDialog::showTokenPlace()
{
    onFinished(m_tokens.place(), this, [this](TokenStore::Place place) {
        m_tokenPlace->setText(
            place == TokenStore::Place::Keychain
                ? tr("Kept in the system's keychain.")
                : tr("This computer has no keychain: kept in %1, which only you can read.")
                      .arg(homeRelative(m_tokens.file())));
    });
}

void ConnectDialog::forget(const QUrl &url)
{
    m_tokens.forget(url);
    m_recent.remove(url);
    m_places->setServers(m_recent.servers());
    m_places->select(PlaceList::Kind::ThisComputer);
}

void ConnectDialog::openAddress(const QString &address, const QString &token)
{
    m_places->select(PlaceList::Kind::Other);
    m_address->setText(address);
    m_token->setText(token);
    askTyped();
}

void ConnectDialog::openSsh(const QString &host)
{
    m_places->select(PlaceList::Kind::Ssh);
    m_ssh->setHost(host);
    m_ssh->connectNow();
}

bool ConnectDialog::isSsh() const
{
    return m_places->kind() == PlaceList::Kind::Ssh ||
           m_places->kind() == PlaceList::Kind::RecentSsh;
}

void ConnectDialog::finish()
{
    if (!m_state) {
        m_acceptsWhenReady = true;
        if (isSsh())
            m_ssh->connectNow();
        else if (m_places->kind() != PlaceList::Kind::ThisComputer)
            askTyped();
        return;
    }
    m_choice.thisComputer = m_places->kind() == PlaceList::Kind::ThisComputer;
    m_choice.endpoint = m_state->endpoint;
    m_choice.serverName = m_state->info.name;
    m_choice.kernel = m_kernels->choice();
    m_choice.ssh = isSsh() ? m_ssh->target() : QString();
    if (!m_choice.ssh.isEmpty()) {
        m_ssh->keep();
        m_recent.add(QUrl(QStringLiteral("ssh:") + m_choice.ssh), m_choice.serverName);
    } else if (!m_choice.thisComputer) {
        m_recent.add(m_choice.endpoint.url, m_choice.serverName);
        if (m_remember->isChecked() && !m_choice.endpoint.token.isEmpty())
            m_tokens.save(m_choice.endpoint.url, m_choice.endpoint.token);
    }
    accept();
}

void ConnectDialog::updateButtons()
{
    const bool isLocal = m_places->kind() == PlaceList::Kind::ThisComputer;
    const bool hasAddress = isSsh() ? m_ssh->hasHost() : !m_address->text().trimmed().isEmpty();
    m_check->setEnabled(hasAddress);
    const bool hasKernels = m_state && !m_state->specs.specs.isEmpty();
    m_connect->setEnabled(hasKernels || (!m_state && !isLocal && hasAddress));
}

} // namespace farcell

#include "app/connect/sshpage.h"

#include "app/connect/sshquestionbox.h"
#include "core/client/runtimeclient.h"
#include "core/ssh/sshlink.h"

#include <QComboBox>
#include <QCompleter>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

#include <utility>

namespace farcell {

SshPage::SshPage(ThemeSource &theme, Links links, const QString &configFile, QWidget *parent)
    : QWidget(parent)
    , m_links(std::move(links))
    , m_host(new QComboBox(this))
    , m_connect(new QPushButton(tr("Log in"), this))
    , m_question(new SshQuestionBox(theme, this))
    , m_forget(new QPushButton(tr("Forget this host…"), this))
{
    m_host->setObjectName(QStringLiteral("sshHost"));
    m_host->setEditable(true);
    m_host->setInsertPolicy(QComboBox::NoInsert);
    m_host->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    m_host->addItems(sshConfigHosts(configFile));
    m_host->setCurrentText({});
    m_host->lineEdit()->setPlaceholderText(tr("me@gpu-server"));
    m_host->completer()->setFilterMode(Qt::MatchContains);
    m_connect->setAutoDefault(false);
    m_forget->setProperty("kind", QStringLiteral("link"));
    m_forget->setAutoDefault(false);
    auto *const label = new QLabel(tr("Host"), this);
    label->setBuddy(m_host);
    auto *const fields = new QHBoxLayout;
    fields->setSpacing(12);
    fields->addWidget(label);
    fields->addWidget(m_host, 1);
    fields->addWidget(m_connect);
    auto *const column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(12);
    column->addLayout(fields);
    column->addWidget(m_question);
    column->addWidget(m_forget, 0, Qt::AlignLeft);
    m_forget->hide();

    connect(m_host, &QComboBox::editTextChanged, this, [this] {
        dropLink();
        m_connect->setEnabled(hasHost());
        emit hostEdited();
    });
    connect(m_host->lineEdit(), &QLineEdit::returnPressed, this, &SshPage::connectNow);
    connect(m_host, &QComboBox::textActivated, this, &SshPage::connectNow);
    connect(m_connect, &QPushButton::clicked, this, &SshPage::connectNow);
    connect(m_forget, &QPushButton::clicked, this, &SshPage::askAboutForgetting);
    connect(m_question, &SshQuestionBox::answered, this, [this](const QString &text) {
        if (m_isForgetting)
            forget();
        else if (m_link)
            m_link->answer(text);
    });
    connect(m_question, &SshQuestionBox::refused, this, [this] {
        if (std::exchange(m_isForgetting, false)) {
            m_question->hide();
            follow();
        } else if (m_link) {
            m_link->refuse();
        }
    });
    m_connect->setEnabled(false);
}

SshPage::~SshPage()
{
    dropLink();
}

bool SshPage::hasHost() const
{
    return !m_host->currentText().trimmed().isEmpty();
}

QString SshPage::target() const
{
    return m_link ? m_link->target().text() : QString();
}

void SshPage::setHost(const QString &text)
{
    m_host->setCurrentText(text);
    const auto target = SshTarget::parse(text);
    SshLink *const link = target ? linkTo(*target) : nullptr;
    if (link == nullptr)
        return;
    m_forget->show(); // also of a host that is not reached now
    if (link->state() != SshLink::State::Closed)
        use(link, false);
}

void SshPage::focusHost()
{
    m_host->setFocus();
}

SshLink *SshPage::linkTo(const SshTarget &target)
{
    return m_links ? m_links(target) : nullptr;
}

void SshPage::connectNow()
{
    const auto target = SshTarget::parse(m_host->currentText());
    if (!target) {
        emit failed(target.error());
        return;
    }
    SshLink *const link = linkTo(*target);
    if (link == nullptr)
        return;
    use(link, link->state() == SshLink::State::Closed);
    link->open();
}

void SshPage::leave()
{
    dropLink();
}

void SshPage::keep()
{
    m_isOurs = false;
}

void SshPage::setNotebooks(const QHash<QString, QString> &notebookOfKernel)
{
    m_notebooks = notebookOfKernel;
}

void SshPage::use(SshLink *link, bool isOurs)
{
    if (link != m_link)
        dropLink();
    m_isOurs = isOurs || (link == m_link && m_isOurs);
    m_link = link;
    link->disconnect(this);
    link->setAsker(this);
    connect(link, &SshLink::stateChanged, this, &SshPage::follow);
    connect(link, &SshLink::questionChanged, this, &SshPage::followQuestion);
    connect(link, &SshLink::failed, this, &SshPage::failed);
    connect(link, &SshLink::progressChanged, this, [this](qint64 done, qint64 total) {
        if (m_link->state() == SshLink::State::Copying)
            emit waiting(tr("Copying the server to %1: %2 of %3 MB")
                             .arg(target())
                             .arg(done / 1000000)
                             .arg((total + 999999) / 1000000),
                         done, total);
    });
    followQuestion();
    follow();
}

void SshPage::dropLink()
{
    m_isForgetting = false;
    m_question->hide();
    m_forget->hide();
    m_notebooks.clear();
    SshLink *const link = m_link;
    m_link = nullptr;
    if (link == nullptr)
        return;
    link->disconnect(this);
    link->setAsker(nullptr);
    if (std::exchange(m_isOurs, false))
        link->close();
}

void SshPage::follow()
{
    if (!m_link || m_isForgetting)
        return;
    m_forget->setVisible(m_link->state() == SshLink::State::Ready);
    switch (m_link->state()) {
    case SshLink::State::Closed:
        break;
    case SshLink::State::Connecting:
        if (!m_link->question())
            emit waiting(tr("Connecting to %1…").arg(target()), 0, 0);
        break;
    case SshLink::State::Checking:
        emit waiting(tr("Looking at %1…").arg(target()), 0, 0);
        break;
    case SshLink::State::Copying:
        emit waiting(tr("Copying the server to %1…").arg(target()), 0, 0);
        break;
    case SshLink::State::Starting:
        emit waiting(tr("Starting the server on %1…").arg(target()), 0, 0);
        break;
    case SshLink::State::Waiting:
        emit waiting(tr("The connection to %1 was lost; it is being made again…").arg(target()), 0,
                     0);
        break;
    case SshLink::State::Forgetting:
        emit waiting(tr("Ending the server on %1 and removing it…").arg(target()), 0, 0);
        break;
    case SshLink::State::Ready:
        emit reached({m_link->url(), m_link->token()});
        break;
    }
}

void SshPage::followQuestion()
{
    if (!m_link || m_isForgetting)
        return;
    if (!m_link->question()) {
        m_question->hide();
        follow();
        return;
    }
    m_question->ask(*m_link->question(), target());
    emit asking();
}

void SshPage::askAboutForgetting()
{
    const auto target = SshTarget::parse(m_host->currentText());
    SshLink *const link = target ? linkTo(*target) : nullptr;
    if (link == nullptr)
        return;
    use(link, link->state() == SshLink::State::Closed);
    emit waiting(tr("Looking at %1…").arg(target->text()), 0, 0);
    m_forget->hide();
    link->lookForForgetting([this, page = QPointer(this)](const Result<QStringList> &kernels) {
        if (!page || !m_link)
            return;
        if (!kernels) {
            emit failed(kernels.error());
            return;
        }
        QStringList names;
        for (const QString &id : *kernels) {
            if (m_notebooks.contains(id))
                names << m_notebooks.value(id);
        }
        QString text = tr("Its server ends, and all that Farcell put there is removed, with the "
                          "outputs that are kept there. Your own files stay.");
        if (!kernels->isEmpty())
            text = (kernels->size() == 1
                        ? tr("A kernel is running there and will end.")
                        : tr("%1 kernels are running there and will end.").arg(kernels->size())) +
                   u' ' + (names.isEmpty() ? QString() : names.join(QStringLiteral(", ")) + u". ") +
                   text;
        m_isForgetting = true;
        m_question->confirm(tr("Forget %1?").arg(this->target()), text, tr("Forget"));
        emit asking();
    });
}

void SshPage::forget()
{
    m_isForgetting = false;
    m_question->hide();
    if (!m_link)
        return;
    m_link->forget([this, page = QPointer(this), host = target()](const Result<> &done) {
        if (!page)
            return;
        if (done)
            emit forgotten(host);
        else
            emit failed(done.error());
    });
}

} // namespace farcell

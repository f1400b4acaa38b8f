#include "app/shell/shortcutsdialog.h"

#include "app/shell/commandregistry.h"
#include "app/shell/fuzzy.h"
#include "app/shell/keymap.h"
#include "app/shell/keyrecorder.h"
#include "app/theme/theme.h"

#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

namespace farcell {

namespace {

enum Column
{
    TitleColumn,
    GroupColumn,
    KeysColumn
};

} // namespace

ShortcutsDialog::ShortcutsDialog(CommandRegistry &commands, Keymap &keymap, ThemeSource &theme,
                                 QWidget *parent)
    : QDialog(parent)
    , m_commands(commands)
    , m_keymap(keymap)
    , m_theme(theme)
    , m_search(new QLineEdit(this))
    , m_list(new QTreeWidget(this))
    , m_recorder(new KeyRecorder(this))
    , m_message(new QLabel(this))
    , m_assign(new QPushButton(tr("Assign"), this))
    , m_remove(new QPushButton(tr("Remove"), this))
    , m_reset(new QPushButton(tr("Reset"), this))
{
    setWindowTitle(tr("Keyboard shortcuts"));
    resize(760, 600);
    build();
    fill();
    connect(m_search, &QLineEdit::textChanged, this, &ShortcutsDialog::filter);
    connect(m_list, &QTreeWidget::currentItemChanged, this, &ShortcutsDialog::selectionChanged);
    connect(m_recorder, &KeyRecorder::recorded, this, &ShortcutsDialog::recorded);
    connect(&keymap, &Keymap::changed, this, &ShortcutsDialog::fill);
    connect(m_assign, &QPushButton::clicked, this, [this] {
        if (m_keys.isEmpty() || currentCommand().isEmpty())
            return;
        QList<QKeySequence> keys = m_keymap.keysFor(currentCommand());
        if (!keys.contains(m_keys))
            keys.append(m_keys);
        m_keymap.setKeys(currentCommand(), keys);
    });
    connect(m_remove, &QPushButton::clicked, this,
            [this] { m_keymap.setKeys(currentCommand(), {}); });
    connect(m_reset, &QPushButton::clicked, this, [this] { m_keymap.reset(currentCommand()); });
    m_search->setFocus();
}

void ShortcutsDialog::build()
{
    m_search->setPlaceholderText(tr("Search commands or keys"));
    m_search->setAccessibleName(tr("Search"));
    m_list->setColumnCount(3);
    m_list->setHeaderLabels({tr("Command"), tr("Menu"), tr("Keys")});
    m_list->setRootIsDecorated(false);
    m_list->setUniformRowHeights(true);
    m_list->header()->setSectionResizeMode(TitleColumn, QHeaderView::Stretch);
    m_list->header()->setSectionResizeMode(GroupColumn, QHeaderView::ResizeToContents);
    m_list->header()->setSectionResizeMode(KeysColumn, QHeaderView::ResizeToContents);
    m_message->setWordWrap(true);
    m_message->setProperty("kind", QStringLiteral("muted"));
    m_message->setMinimumHeight(20);
    m_recorder->setFixedWidth(220);
    for (QPushButton *button : {m_assign, m_remove, m_reset})
        button->setAutoDefault(false);

    auto *row = new QHBoxLayout;
    row->addWidget(m_recorder);
    row->addWidget(m_assign);
    row->addWidget(m_remove);
    row->addWidget(m_reset);
    row->addStretch();
    auto *resetAll = new QPushButton(tr("Reset all"), this);
    resetAll->setAutoDefault(false);
    connect(resetAll, &QPushButton::clicked, this, [this] { m_keymap.resetAll(); });
    auto *close = new QPushButton(tr("Close"), this);
    close->setAutoDefault(false);
    connect(close, &QPushButton::clicked, this, &QDialog::accept);
    row->addWidget(resetAll);
    row->addWidget(close);

    auto *preset = new QLabel(this);
    preset->setProperty("kind", QStringLiteral("muted"));
    const auto showPreset = [this, preset] {
        preset->setText(tr("Based on the keys of %1. Change that in the settings.")
                            .arg(Keymap::presetTitle(m_keymap.preset())));
    };
    showPreset();
    connect(&m_keymap, &Keymap::changed, preset, showPreset);
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 20, 24, 20);
    layout->setSpacing(12);
    layout->addWidget(m_search);
    layout->addWidget(m_list, 1);
    layout->addWidget(preset);
    layout->addWidget(m_message);
    layout->addLayout(row);
}

void ShortcutsDialog::fill()
{
    const QString current = currentCommand();
    m_list->clear();
    for (const Command &command : m_commands.all()) {
        QStringList keys;
        const QList<QKeySequence> bound = m_keymap.keysFor(command.id);
        for (const QKeySequence &sequence : bound)
            keys.append(Keymap::text(sequence));
        auto *item = new QTreeWidgetItem(
            m_list, {command.title, command.group, keys.join(QStringLiteral("   "))});
        item->setData(TitleColumn, Qt::UserRole, command.id);
        item->setForeground(GroupColumn, m_theme.theme().textFaint);
        if (m_keymap.isCustom(command.id))
            item->setFont(KeysColumn, m_theme.theme().bodyStrong);
        if (command.id == current)
            m_list->setCurrentItem(item);
    }
    if (!m_list->currentItem())
        m_list->setCurrentItem(m_list->topLevelItem(0));
    filter();
    selectionChanged();
}

void ShortcutsDialog::filter()
{
    const QString wanted = m_search->text();
    for (int i = 0; i < m_list->topLevelItemCount(); ++i) {
        QTreeWidgetItem *item = m_list->topLevelItem(i);
        const bool fits = wanted.isEmpty() ||
                          fuzzyMatch(wanted, item->text(TitleColumn)).score > 0 ||
                          item->text(KeysColumn).contains(wanted, Qt::CaseInsensitive);
        item->setHidden(!fits);
    }
}

QString ShortcutsDialog::currentCommand() const
{
    const QTreeWidgetItem *item = m_list->currentItem();
    return item ? item->data(TitleColumn, Qt::UserRole).toString() : QString();
}

void ShortcutsDialog::selectionChanged()
{
    m_keys = {};
    m_recorder->reset();
    m_message->clear();
    m_assign->setEnabled(false);
    m_remove->setEnabled(!m_keymap.keysFor(currentCommand()).isEmpty());
    m_reset->setEnabled(m_keymap.isCustom(currentCommand()));
}

void ShortcutsDialog::recorded(const QKeySequence &keys)
{
    m_keys = keys;
    m_assign->setEnabled(true);
    QStringList names;
    const QStringList others = m_keymap.conflicts(currentCommand(), keys);
    for (const QString &id : others) {
        if (const Command *command = m_commands.find(id))
            names.append(tr("“%1”").arg(command->title));
    }
    m_message->setText(names.isEmpty()
                           ? tr("Nothing else uses %1.").arg(Keymap::text(keys))
                           : tr("%1 is already used by %2, which comes first.")
                                 .arg(Keymap::text(keys), names.join(QStringLiteral(", "))));
}

} // namespace farcell

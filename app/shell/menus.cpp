#include "app/shell/menus.h"

#include "app/shell/commandregistry.h"
#include "app/shell/keymap.h"
#include "app/theme/theme.h"

#include <QAction>
#include <QMenu>
#include <QMenuBar>

namespace farcell {

namespace {

QStringList words(const char *text)
{
    return QString::fromLatin1(text).simplified().split(QLatin1Char(' '));
}

} // namespace

Menus::Menus(CommandRegistry &commands, Keymap &keymap, ThemeSource &theme, QObject *parent)
    : QObject(parent)
    , m_commands(commands)
    , m_keymap(keymap)
    , m_theme(theme)
{}

// The tree of Colab's menus, as far as the commands exist here.
void Menus::buildMenuBar(QMenuBar &bar)
{
    const auto add = [this, &bar](const QString &title, const char *commands) {
        QMenu *menu = bar.addMenu(title);
        fill(*menu, words(commands));
        return menu;
    };
    add(tr("&File"), "file.new file.open file.openFolder - file.save file.saveAs file.rename "
                     "file.download file.exportPdf - file.reload file.showFolder - file.print - "
                     "file.close app.quit");
    add(tr("&Edit"), "edit.undo edit.redo - edit.selectAll cell.cut cell.copy cell.paste "
                     "cell.delete - cell.moveUp cell.moveDown cell.split cell.merge cell.toCode "
                     "cell.toText - edit.find edit.findNext edit.findPrevious - "
                     "outputs.clearAll notebook.privateOutputs");
    QMenu *view =
        add(tr("&View"), "view.outline view.files view.queue view.sessions view.resources "
                         "view.costs view.sidePanel - view.collapseSections "
                         "view.expandSections view.saveFolds - view.toggleCode view.toggleOutput "
                         "view.lineNumbers - view.zoomIn view.zoomOut view.zoomReset "
                         "view.fullScreen - view.nextTab view.previousTab");
    QMenu *themes = view->addMenu(tr("Theme"));
    fill(*themes, words("view.themeSystem view.themeLight view.themeDark"));
    add(tr("&Insert"), "insert.code insert.codeAbove insert.text insert.section insert.scratch");
    add(tr("&Runtime"),
        "run.all run.before run.cell run.selection run.after run.section - kernel.interrupt "
        "kernel.restart kernel.restartRunAll kernel.disconnect kernel.shutdown - "
        "runtime.connect kernel.change runtime.type view.resources view.costs");
    add(tr("&Tools"), "tools.palette - tools.settings tools.keyboard");
    add(tr("&Help"), "help.welcome tools.keyboard - help.about");
}

QAction *Menus::action(const QString &id, QObject *parent)
{
    const Command *command = m_commands.find(id);
    if (!command)
        return nullptr;
    auto *action = new QAction(command->title, parent);
    action->setData(id);
    if (!command->icon.isEmpty())
        action->setIcon(m_theme.icon(command->icon));
    action->setCheckable(bool(command->checked));
    connect(action, &QAction::triggered, this, [this, id] { m_commands.trigger(id); });
    return action;
}

void Menus::fill(QMenu &menu, const QStringList &commands)
{
    for (const QString &id : commands) {
        if (id == QStringLiteral("-"))
            menu.addSeparator();
        else if (QAction *entry = action(id, &menu))
            menu.addAction(entry);
    }
    menu.setToolTipsVisible(false);
    connect(&menu, &QMenu::aboutToShow, this, [this, menu = &menu] { refresh(*menu); });
}

void Menus::refresh(const QMenu &menu) const
{
    const QList<QAction *> actions = menu.actions();
    for (QAction *action : actions) {
        const QString id = action->data().toString();
        const Command *command = m_commands.find(id);
        if (!command)
            continue;
        // After the tab character stand the keys: shown, but never a shortcut of the action.
        const QString keys = Keymap::text(m_keymap.shownKeys(id));
        action->setText(keys.isEmpty() ? command->title
                                       : command->title + QLatin1Char('\t') + keys);
        action->setEnabled(m_commands.isEnabled(id));
        if (command->checked)
            action->setChecked(command->checked());
    }
}

} // namespace farcell

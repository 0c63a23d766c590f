import type { PublicMessage } from '../shared/index.js';
import type { Language } from './language.js';

/** What a person is told: what happened, in one sentence, and what to do. */
export interface Sentences {
  readonly title: string;
  readonly happened: string;
  readonly action: string;
}

/** The sentences of the error page. They say what to do, and never which check failed. */
export const messages: Readonly<Record<Language, Readonly<Record<PublicMessage, Sentences>>>> = {
  en: {
    unreadable: {
      title: 'That sign-in message could not be read',
      happened: 'Your organisation’s sign-in page sent something that we cannot read.',
      action: 'Close this tab and sign in again. If it happens again, give your IT service desk the reference below.',
    },
    refused: {
      title: 'You could not be signed in',
      happened: 'The message from your organisation’s sign-in page was not accepted.',
      action: 'Sign in again. If it happens again, give your IT service desk the reference below.',
    },
    'start-again': {
      title: 'Please start again',
      happened: 'This sign-in took too long, was used before, or was begun in another browser.',
      action: 'Start again from the sign-in page, and allow cookies for this site.',
    },
    'identity-provider-refused': {
      title: 'Your organisation did not sign you in',
      happened: 'Your organisation’s sign-in page reported that it could not sign you in.',
      action: 'Try again, or ask your IT service desk and give them the reference below.',
    },
    'account-data-missing': {
      title: 'Your account is not complete',
      happened: 'Your organisation’s sign-in page did not send everything that is needed to sign you in.',
      action: 'Give your IT service desk the reference below: they have to complete your account’s data.',
    },
    'too-large': {
      title: 'That sign-in message is too large',
      happened: 'Your organisation’s sign-in page sent more than we accept.',
      action: 'Give your IT service desk the reference below.',
    },
    'too-many-requests': {
      title: 'Too many attempts',
      happened: 'Too many requests came from your network in a short time.',
      action: 'Wait a minute and sign in again.',
    },
    'not-found': {
      title: 'This page does not exist',
      happened: 'There is nothing to see at this address.',
      action: 'Start from your organisation’s sign-in page, not from a bookmark of this page.',
    },
    unavailable: {
      title: 'Signing in does not work at the moment',
      happened: 'A part of this service does not answer, so you could not be signed in.',
      action: 'Wait a few minutes and sign in again. If it goes on, give your IT service desk the reference below.',
    },
    'upstream-unreachable': {
      title: 'The service cannot be reached',
      happened: 'The service that you want to use cannot be reached at the moment.',
      action: 'Wait a few minutes and try again. If it goes on, give your IT service desk the reference below.',
    },
    'upstream-timeout': {
      title: 'The service does not answer',
      happened: 'The service that you want to use took too long to answer.',
      action: 'Wait a few minutes and try again. If it goes on, give your IT service desk the reference below.',
    },
    internal: {
      title: 'Something went wrong here',
      happened: 'A fault on our side kept you from signing in.',
      action: 'Try again. If it happens again, give your IT service desk the reference below.',
    },
  },
  nl: {
    unreadable: {
      title: 'Dit aanmeldbericht is niet leesbaar',
      happened: 'De aanmeldpagina van uw organisatie stuurde iets dat wij niet kunnen lezen.',
      action:
        'Sluit dit tabblad en meld u opnieuw aan. Gebeurt het weer, geef dan uw ICT-servicedesk de onderstaande referentie.',
    },
    refused: {
      title: 'U kon niet worden aangemeld',
      happened: 'Het bericht van de aanmeldpagina van uw organisatie is niet geaccepteerd.',
      action: 'Meld u opnieuw aan. Gebeurt het weer, geef dan uw ICT-servicedesk de onderstaande referentie.',
    },
    'start-again': {
      title: 'Begin opnieuw',
      happened: 'Deze aanmelding duurde te lang, is al gebruikt of is in een andere browser begonnen.',
      action: 'Begin opnieuw bij de aanmeldpagina en sta cookies voor deze site toe.',
    },
    'identity-provider-refused': {
      title: 'Uw organisatie heeft u niet aangemeld',
      happened: 'De aanmeldpagina van uw organisatie meldde dat u niet kon worden aangemeld.',
      action: 'Probeer het opnieuw, of vraag uw ICT-servicedesk en geef daarbij de onderstaande referentie.',
    },
    'account-data-missing': {
      title: 'Uw account is niet volledig',
      happened: 'De aanmeldpagina van uw organisatie stuurde niet alles wat nodig is om u aan te melden.',
      action: 'Geef uw ICT-servicedesk de onderstaande referentie: zij moeten de gegevens van uw account aanvullen.',
    },
    'too-large': {
      title: 'Dit aanmeldbericht is te groot',
      happened: 'De aanmeldpagina van uw organisatie stuurde meer dan wij accepteren.',
      action: 'Geef uw ICT-servicedesk de onderstaande referentie.',
    },
    'too-many-requests': {
      title: 'Te veel pogingen',
      happened: 'Er kwamen in korte tijd te veel verzoeken van uw netwerk.',
      action: 'Wacht een minuut en meld u opnieuw aan.',
    },
    'not-found': {
      title: 'Deze pagina bestaat niet',
      happened: 'Op dit adres is niets te zien.',
      action: 'Begin bij de aanmeldpagina van uw organisatie, niet bij een bladwijzer van deze pagina.',
    },
    unavailable: {
      title: 'Aanmelden lukt nu niet',
      happened: 'Een deel van deze dienst antwoordt niet, daarom kon u niet worden aangemeld.',
      action:
        'Wacht een paar minuten en meld u opnieuw aan. Houdt het aan, geef dan uw ICT-servicedesk de onderstaande referentie.',
    },
    'upstream-unreachable': {
      title: 'De dienst is niet bereikbaar',
      happened: 'De dienst die u wilt gebruiken is op dit moment niet bereikbaar.',
      action:
        'Wacht een paar minuten en probeer het opnieuw. Houdt het aan, geef dan uw ICT-servicedesk de onderstaande referentie.',
    },
    'upstream-timeout': {
      title: 'De dienst antwoordt niet',
      happened: 'De dienst die u wilt gebruiken deed er te lang over om te antwoorden.',
      action:
        'Wacht een paar minuten en probeer het opnieuw. Houdt het aan, geef dan uw ICT-servicedesk de onderstaande referentie.',
    },
    internal: {
      title: 'Hier ging iets mis',
      happened: 'Door een fout aan onze kant kon u niet worden aangemeld.',
      action: 'Probeer het opnieuw. Gebeurt het weer, geef dan uw ICT-servicedesk de onderstaande referentie.',
    },
  },
};

/** The fixed words around the sentences. */
export const words = {
  en: {
    reference: 'Reference',
    restart: 'Start again',
    idpSays: 'Their message:',
    continuing: 'One moment, please',
    continueHint: 'You are being signed in. If nothing happens, press the button.',
    continueButton: 'Continue',
  },
  nl: {
    reference: 'Referentie',
    restart: 'Opnieuw beginnen',
    idpSays: 'Hun bericht:',
    continuing: 'Een ogenblik',
    continueHint: 'U wordt aangemeld. Gebeurt er niets, druk dan op de knop.',
    continueButton: 'Doorgaan',
  },
} as const satisfies Readonly<Record<Language, Readonly<Record<string, string>>>>;

/** The session of a browser at the page. */
import { type Static, Type } from 'typebox';
import { Moment, nullable, shape } from './shape.ts';

/** `sees_hosts`: may the user read the fleet? `ends_at`: when the session ends at the latest. */
export const PageSession = shape({
  user_name: Type.String(),
  project_name: Type.String(),
  sees_hosts: Type.Boolean(),
  ends_at: Moment,
});
export type PageSession = Static<typeof PageSession>;

/** null: nobody is signed in. */
export const PageSessionReply = shape({ session: nullable(PageSession) });
export type PageSessionReply = Static<typeof PageSessionReply>;
